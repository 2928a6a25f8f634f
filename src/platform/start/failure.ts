import { BadSetting } from '../setting.js';

/** Something that keeps the program from starting and that its user can put right: what it is, and what to do. */
export class StartFailure extends Error {
  constructor(
    cause: string,
    readonly remedy: string,
  ) {
    super(cause);
    this.name = 'StartFailure';
  }
}

/** The addresses in the settings, to tell which of them an error of the network is about. */
export interface Addresses {
  databaseUrl?: string | null;
  redisUrl?: string | null;
  smtpUrl?: string | null;
}

interface SystemError extends Error {
  code?: string;
  syscall?: string;
  port?: number;
  hostname?: string;
  errors?: unknown[];
}

const databaseRefusals: Record<string, [cause: string, remedy: string]> = {
  '28P01': ['refuses the password', 'Check user and password'],
  '28000': ['refuses the user', 'Check user, password and pg_hba.conf of the server'],
  '3D000': ['has no database of that name', 'Create the database, or correct the name'],
  '42501': ['does not let this user make its schemas', 'GRANT CREATE ON DATABASE to the user'],
  '53300': ['has no connection to spare', 'Raise max_connections of the server, or lower DATABASE_POOL'],
  '57P03': ['is starting up or shutting down', 'Try again in a moment'],
};
const networkCodes = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
];

/**
 * One line with the cause and the remedy, or `null` for an error that is our own defect and needs its stack. No line holds
 * the content of a setting: it may be a secret.
 */
export function describeFailure(error: unknown, addresses: Addresses = {}): string | null {
  if (error instanceof StartFailure) return `${error.message} ${error.remedy}`;
  if (error instanceof BadSetting) return `Setting ${error.key}: ${error.remedy}.`;
  if (!(error instanceof Error)) return null;
  const { code = '', ...rest } = innermost(error);
  if (rest.syscall === 'listen' && code === 'EADDRINUSE') {
    return `Port ${rest.port} is in use. Stop the program that listens there, or choose another: PORT=${(rest.port ?? 3000) + 1} npm start`;
  }
  if (rest.syscall === 'listen' && code === 'EACCES') {
    return `Port ${rest.port} may not be used by this user. Choose one above 1023 with PORT.`;
  }
  const refusal = databaseRefusals[code];
  if (refusal) return `The database ${refusal[0]}. ${refusal[1]} (DATABASE_URL).`;
  const unanswered = networkCodes.includes(code) || /timeout|terminated unexpectedly/i.test(error.message);
  if (unanswered) {
    const key = settingOf(rest, addresses);
    return `The server named in ${key} does not answer${code && ` (${code})`}. Start it, or correct ${key}.`;
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'ENOSPC') {
    return `The data folder cannot be written (${code}). Give this user a folder with room in it: DATA_DIR.`;
  }
  return null;
}

/** Both addresses of `localhost` failing comes as one error that holds two; a library may have wrapped the first cause. */
function innermost(error: SystemError): SystemError {
  const inner = error.errors?.[0] ?? error.cause;
  return inner instanceof Error && !error.syscall ? innermost(inner) : error;
}

function settingOf({ port, hostname }: Pick<SystemError, 'port' | 'hostname'>, addresses: Addresses): string {
  const named: [key: string, url: string | null | undefined, usualPort: number][] = [
    ['REDIS_URL', addresses.redisUrl, 6379],
    ['SMTP_URL', addresses.smtpUrl, 25],
  ];
  const found = named.find(([, url, usualPort]) => {
    if (!url) return false;
    const address = new URL(url);
    return hostname ? address.hostname === hostname : Number(address.port || usualPort) === port;
  });
  return found?.[0] ?? 'DATABASE_URL';
}

/** One line for what its user can put right, the stacks of the error and its causes for the rest. */
export const tellFailure = (error: unknown, addresses?: Addresses): string =>
  describeFailure(error, addresses) ?? stacksOf(error);

/**
 * What may be printed of a defect: where it and its causes come from. Never the error itself: those of the database carry
 * the values of a statement, which are what people typed.
 */
export function stacksOf(error: unknown): string {
  if (!(error instanceof Error)) return `Something that is no error was thrown: ${typeof error}`;
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\nbecause of ${stacksOf(error.cause)}`;
}

/** Says why the program does not start, and makes it end with code 1. */
export function failStart(error: unknown, addresses?: Addresses): void {
  console.error(tellFailure(error, addresses));
  process.exitCode = 1;
}

/** What the work gives; when it fails, the program says why and ends with code 1. */
export function orEnd<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    failStart(error);
    process.exit();
  }
}

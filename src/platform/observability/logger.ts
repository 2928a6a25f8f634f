import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import { currentRequest } from '../http/request-context.js';

/** Names under which secrets and personal data travel; what stands there never reaches a log. */
const SECRET_NAMES = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-cart-token',
  'idempotency-key',
  'password',
  'newPassword',
  'token',
  'accessToken',
  'refreshToken',
  'secret',
  'email',
  'to',
  'data',
];

/** JSON lines with redaction. Nest and every `new Logger('name')` of the house write through it. */
export class JsonLogger implements LoggerService {
  readonly pino: Logger;

  constructor(level: string, destination?: { write(line: string): void }) {
    this.pino = pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        redact: {
          paths: SECRET_NAMES.flatMap((name) => [
            quoted(name),
            `*${bracketed(name)}`,
            `*.*${bracketed(name)}`,
          ]),
          censor: '[redacted]',
        },
        serializers: { err: describeError },
      },
      destination ?? pino.destination({ sync: false }),
    );
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest puts the context last; `log.warn({ err }, 'text')` puts an object first and the text second. */
  private write(
    level: 'info' | 'error' | 'warn' | 'debug' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const context = typeof rest.at(-1) === 'string' ? (rest.at(-1) as string) : undefined;
    const requestId = currentRequest()?.requestId;
    const fields = {
      ...(context !== undefined && { context }),
      ...(requestId !== undefined && { requestId }),
    };
    if (message instanceof Error) this.pino[level]({ ...fields, err: message }, message.message);
    else if (typeof message === 'object' && message !== null) {
      const text = rest.length > 1 && typeof rest[0] === 'string' ? rest[0] : undefined;
      this.pino[level]({ ...fields, ...message }, text);
    } else this.pino[level](fields, String(message));
  }
}

/** The stack for us; never the query, its parameters or the detail, which hold what people typed. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, constraint, table } = error as { code?: string; constraint?: string; table?: string };
  return {
    type: error.name,
    message: error.message,
    ...(code !== undefined && { code }),
    ...(constraint !== undefined && { constraint }),
    ...(table !== undefined && { table }),
    stack: error.stack,
  };
}

const quoted = (name: string) => (/^\w+$/.test(name) ? name : `["${name}"]`);
const bracketed = (name: string) => (/^\w+$/.test(name) ? `.${name}` : `["${name}"]`);

import { createServer } from 'node:http';
import path from 'node:path';
import { type Config, loadConfig } from '../config.js';
import { armFailpoint } from '../failpoint.js';
import { banner } from './banner.js';
import type { BannerPart } from './first-start.js';
import { StartFailure, tellFailure } from './failure.js';
import type { System } from './open.js';
import { type Services, startServices } from './services.js';
import { Shutdown } from './shutdown.js';

export interface Program {
  /** Read while the services start, and not at all when a setting is wrong. */
  load: () => Promise<System>;
  /** The compiled test gateway, for a store without a real one. */
  gatewayProgram: string;
  /** Makes the command that buys something, for the banner. */
  example: (url: string, currency: string) => string;
}

/** Starts the process in its role and ends it in order when it is told to. */
export async function boot(program: Program): Promise<void> {
  const shutdown = new Shutdown();
  shutdown.listen();
  let config: Config | undefined;
  try {
    config = loadConfig();
    armFailpoint(config.failpoint);
    await refuseBusyPort(config);
    // Read while the services start, which take as long.
    const reading = Promise.all([program.load(), import('./open.js')]);
    reading.catch(() => undefined);
    const services = await startServices({ config, gatewayProgram: program.gatewayProgram, report });
    shutdown.add(services.stop, 8_000);
    const [system, { open }] = await reading;
    config = loadConfig({
      DATABASE_URL: services.databaseUrl,
      TEST_GATEWAY_URL: services.testGatewayUrl ?? undefined,
    });
    const { app, shown } = await open(system, config, shutdown);
    const url = (await app.getUrl().catch(() => config?.publicUrl ?? '')).replace(
      /127\.0\.0\.1|\[::1?\]|0\.0\.0\.0/,
      'localhost',
    );
    console.log(welcome(config, services, url, shown, program.example));
  } catch (error) {
    // What breaks because a signal came during the start is not a failure.
    if (shutdown.begun) return;
    console.error(tellFailure(error, config));
    await shutdown.exit(1);
  }
}

/** Before anything is made: a second start by mistake should not begin with a new database. */
async function refuseBusyPort({ port, host }: Config): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(port, host, resolve)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') throw error;
      throw new StartFailure(
        `HOST is no address of this machine (${error.code}).`,
        'Use one that it has, such as 127.0.0.1, or 0.0.0.0 for all of them.',
      );
    },
  );
  await new Promise((resolve) => probe.close(resolve));
}

/** The logger is one of the files that are read meanwhile. */
function report(line: string): void {
  void import('../observability/logger.js').then(({ JsonLogger }) =>
    new JsonLogger('warn').warn(line, 'start'),
  );
}

function welcome(
  config: Config,
  services: Services,
  url: string,
  { administrator, sells }: BannerPart,
  example: Program['example'],
): string {
  const dataDir = shortened(config.dataDir);
  return banner({
    shopName: config.shopName,
    url,
    role: config.role,
    database: services.databaseFolder
      ? `embedded PostgreSQL in ${shortened(services.databaseFolder)}`
      : 'the one of DATABASE_URL',
    jobs: config.redisUrl ? 'BullMQ on Redis' : 'BullMQ on PostgreSQL',
    mail: config.smtpUrl ? 'sent by SMTP' : `written to ${dataDir}/mail`,
    payments: payments(config),
    administrator,
    // Nobody pays with a token of the test gateway where there is none, or buys what is not there.
    example: sells && config.testGatewayUrl ? example(url, config.storeCurrency) : undefined,
  });
}

function payments({ testGatewayUrl, stripeApiKey, stripeApiUrl }: Config): string {
  if (stripeApiKey) return stripeApiUrl ? `Stripe at ${stripeApiUrl}` : 'Stripe';
  return testGatewayUrl
    ? `the test gateway at ${testGatewayUrl}`
    : 'none: set STRIPE_API_KEY (production refuses the test gateway)';
}

function shortened(folder: string): string {
  const relative = path.relative('', folder);
  return relative && !relative.startsWith('..') ? relative : folder;
}

import path from 'node:path';
import type { Config } from '../config.js';
import { makeFolder } from '../folder.js';
import { ChildService } from './child-service.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { StartFailure } from './failure.js';
import { homeOf } from './postgres-home.js';

export interface ServicesOptions {
  config: Pick<Config, 'role' | 'production' | 'dataDir' | 'databaseUrl' | 'testGatewayUrl' | 'stripeApiKey'>;
  /** The compiled program of the test gateway. */
  gatewayProgram: string;
  /** Takes what the user should know, a line at a time. */
  report: (line: string) => void;
}

/** What the process reaches over the network, and what of it is its own to stop. */
export interface Services {
  databaseUrl: string;
  /** Null when payments go to a real gateway. */
  testGatewayUrl: string | null;
  /** The embedded database's folder, when this process has started one. */
  databaseFolder: string | null;
  /** To call when nothing uses the services any more. */
  stop(): Promise<void>;
}

/**
 * Starts what the settings leave out: the embedded PostgreSQL and the test gateway, both on free ports. Only the process
 * that is the whole shop owns such things; split ones must be told where their shared services are.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  refuseSplitRoles(options.config);
  const stops: Stops = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  const starting = [startDatabase(options, stops), startGateway(options, stops)] as const;
  try {
    const [databaseUrl, testGatewayUrl] = await Promise.all(starting);
    return {
      databaseUrl,
      testGatewayUrl,
      databaseFolder: options.config.databaseUrl ? null : homeOf(options.config.dataDir).home,
      stop,
    };
  } catch (error) {
    // The other one may have started meanwhile, and must not stay behind.
    await Promise.allSettled(starting);
    await stop();
    throw error;
  }
}

type Stops = (() => Promise<void>)[];

async function startDatabase({ config, report }: ServicesOptions, stops: Stops): Promise<string> {
  if (config.databaseUrl) return config.databaseUrl;
  const server = await startEmbeddedPostgres({ dataDir: config.dataDir, database: 'guildhall', report });
  stops.push(() => server.stop());
  return server.url('guildhall');
}

async function startGateway(options: ServicesOptions, stops: Stops): Promise<string | null> {
  const { config, gatewayProgram, report } = options;
  if (config.production || config.stripeApiKey) return null;
  if (config.testGatewayUrl) return config.testGatewayUrl;
  makeFolder(config.dataDir);
  const journal = path.join(config.dataDir, 'test-gateway.journal');
  const child = new ChildService({
    name: 'test gateway',
    program: gatewayProgram,
    arguments: ['--journal', journal],
    report,
  });
  stops.push(() => child.stop());
  await child.start();
  return child.url;
}

function refuseSplitRoles({
  role,
  databaseUrl,
  production,
  testGatewayUrl,
  stripeApiKey,
}: ServicesOptions['config']): void {
  if (role === 'all') return;
  if (!databaseUrl) {
    throw new StartFailure(
      `ROLE=${role} has no database of its own.`,
      'Set DATABASE_URL to the server that all roles share.',
    );
  }
  if (!production && !testGatewayUrl && !stripeApiKey) {
    throw new StartFailure(
      `ROLE=${role} has no payment gateway of its own.`,
      'Set TEST_GATEWAY_URL to a test gateway that all roles share, or STRIPE_API_KEY.',
    );
  }
}

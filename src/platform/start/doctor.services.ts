import { Redis } from 'ioredis';
import nodemailer from 'nodemailer';
import pg from 'pg';
import { migrations } from '../../../migrations/index.js';
import type { Config } from '../config.js';
import { S3ObjectStore } from '../files/object-stores.adapter.js';
import type { Finding } from './doctor.js';
import { runningPostgres } from './embedded-postgres.js';

const patience = 3_000;

/** Reachable, new enough, and at the newest schema. */
export async function checkDatabase(config: Config): Promise<Finding[]> {
  const about = 'Database';
  const url = config.databaseUrl ?? runningPostgres(config.dataDir, 'guildhall');
  if (!url) return [{ level: 'ok', about, text: 'the embedded one starts with the program' }];
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: patience });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ number: number; version: string; table: string | null }>(
      `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
        to_regclass('schema_migrations')::text AS table`,
    );
    const [server] = rows;
    if (!server || server.number < 150_000) {
      return [{ level: 'fail', about, text: `PostgreSQL ${server?.version}`, remedy: 'Use 15 or newer.' }];
    }
    const done = server.table
      ? (await client.query<{ name: string }>('SELECT name FROM schema_migrations')).rows
      : [];
    const names = new Set(done.map(({ name }) => name));
    const pending = migrations.filter(({ name }) => !names.has(name)).length;
    const text = `PostgreSQL ${server.version}, ${names.size} changes made, ${pending} pending`;
    return [
      pending ? { level: 'warn', about, text, remedy: 'npm start makes them' } : { level: 'ok', about, text },
    ];
  } finally {
    await client.end();
  }
}

export async function checkRedis(config: Config): Promise<Finding[]> {
  const about = 'Jobs';
  if (!config.redisUrl) return [{ level: 'ok', about, text: 'on PostgreSQL (REDIS_URL is not set)' }];
  const redis = new Redis(config.redisUrl, {
    lazyConnect: true,
    connectTimeout: patience,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1] ?? 'noeviction';
    if (policy === 'noeviction') return [{ level: 'ok', about, text: 'on Redis' }];
    return [
      {
        level: 'warn',
        about,
        text: `Redis may evict jobs (${policy})`,
        remedy: 'Set maxmemory-policy noeviction.',
      },
    ];
  } catch {
    return [
      { level: 'fail', about, text: 'Redis does not answer', remedy: 'Start it, or correct REDIS_URL.' },
    ];
  } finally {
    redis.disconnect();
  }
}

export async function checkMail(config: Config): Promise<Finding[]> {
  const about = 'Mail';
  if (!config.smtpUrl)
    return [{ level: 'ok', about, text: `written to ${config.dataDir}/mail (SMTP_URL is not set)` }];
  const transport = nodemailer.createTransport(config.smtpUrl, {});
  try {
    const inTime = new Promise<never>((_, reject) => setTimeout(reject, patience).unref());
    await Promise.race([transport.verify(), inTime]);
    return [{ level: 'ok', about, text: 'the SMTP server answers' }];
  } catch {
    return [
      {
        level: 'warn',
        about,
        text: 'the SMTP server does not take us',
        remedy: 'Start it, or correct SMTP_URL.',
      },
    ];
  } finally {
    transport.close();
  }
}

/** Processes on several machines see the same files only in a bucket or in a shared folder. */
export async function checkFiles(config: Config): Promise<Finding[]> {
  const about = 'Files';
  if (config.s3 !== null) {
    const store = new S3ObjectStore(config.s3, { inTransaction: false });
    const inTime = new Promise<false>((resolve) => setTimeout(() => resolve(false), patience).unref());
    if (await Promise.race([store.reachable().catch(() => false), inTime]))
      return [{ level: 'ok', about, text: `in the bucket ${config.s3.bucket}` }];
    return [
      {
        level: 'fail',
        about,
        text: 'the bucket does not take us',
        remedy: 'Make it, or correct S3_ENDPOINT, S3_REGION, S3_BUCKET and the key.',
      },
    ];
  }
  const text = `in ${config.dataDir}/files (S3_ENDPOINT is not set)`;
  if (config.role === 'all') return [{ level: 'ok', about, text }];
  const remedy = 'On several machines share DATA_DIR among them, or set S3_ENDPOINT.';
  return [{ level: 'warn', about, text, remedy }];
}

export async function checkGateway(config: Config): Promise<Finding[]> {
  const about = 'Payments';
  if (config.stripeApiKey) return [await checkStripe(config.stripeApiKey, config)];
  if (config.production) {
    return [
      {
        level: 'warn',
        about,
        text: 'there is no payment gateway',
        remedy: 'Set STRIPE_API_KEY: production refuses the test gateway.',
      },
    ];
  }
  if (!config.testGatewayUrl)
    return [{ level: 'ok', about, text: 'the test gateway starts with the program' }];
  const answers = await fetch(config.testGatewayUrl, { signal: AbortSignal.timeout(patience) }).then(
    () => true,
    () => false,
  );
  if (answers) return [{ level: 'ok', about, text: 'the test gateway answers' }];
  return [
    {
      level: 'fail',
      about,
      text: 'the test gateway does not answer',
      remedy: 'Start it, or correct TEST_GATEWAY_URL.',
    },
  ];
}

/** Whether Stripe takes the key, and whether it is the kind that moves money. */
async function checkStripe(key: string, { production, stripeApiUrl }: Config): Promise<Finding> {
  const about = 'Payments';
  const url = new URL('/v1/balance', stripeApiUrl ?? 'https://api.stripe.com');
  const status = await fetch(url, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(patience),
  }).then(
    (answer) => answer.status,
    () => 0,
  );
  if (status === 0)
    return {
      level: 'fail',
      about,
      text: 'Stripe does not answer',
      remedy: 'See whether this machine reaches it.',
    };
  if (status === 401)
    return { level: 'fail', about, text: 'Stripe does not know the key', remedy: 'Correct STRIPE_API_KEY.' };
  if (production && /^[rs]k_test_/.test(key))
    return {
      level: 'warn',
      about,
      text: 'Stripe answers, in its test mode',
      remedy: 'Nobody pays anything: set a live key in STRIPE_API_KEY.',
    };
  return { level: 'ok', about, text: 'Stripe answers' };
}

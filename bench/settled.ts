import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const PATIENCE_MS = 60_000;
const PENDING = `
  SELECT EXISTS (SELECT FROM platform.events WHERE position IS NULL)
      OR EXISTS (SELECT FROM platform.deliveries WHERE state = 'pending') AS pending`;

/** Resolves when nothing is left of what the product does behind its answers, or when waiting longer is no use. */
export async function settled(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const deadline = performance.now() + PATIENCE_MS;
  try {
    while (performance.now() < deadline) {
      const { rows } = await client.query<{ pending: boolean }>(PENDING);
      if (!rows[0]?.pending) return;
      await sleep(200);
    }
    console.log('What the product does behind its answers had not ended after a minute.');
  } finally {
    await client.end();
  }
}

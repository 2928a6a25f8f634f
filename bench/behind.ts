import pg from 'pg';
import type { Measurement } from './load.js';
import { runToEnd } from './processes.js';
import { settled } from './settled.js';

/** How long after its fact something was done, in milliseconds. */
export interface Lag {
  what: string;
  count: number;
  p50: number;
  p95: number;
  max: number;
}

export interface Behind {
  /** Purchases a second. */
  rate: number;
  lags: Lag[];
}

const SECONDS = 10;
/** The letter of confirmation goes the whole way: order, request of a mail, mail. */
const LAGS = `
  WITH lags AS (
    SELECT 'delivery ' || d.consumer AS what, d.done_at - e.recorded_at AS lag
    FROM platform.deliveries d JOIN platform.events e ON e.id = d.event_id WHERE e.recorded_at > $1 AND d.state = 'done'
    UNION ALL
    SELECT 'order to letter sent', m.sent_at - e.recorded_at
    FROM platform.events e JOIN platform.mails m ON m.subject_id = e.payload->>'orderId'
    WHERE e.type = 'ordering.order_placed' AND e.recorded_at > $1
  )
  SELECT what, count(*)::int AS count,
    1000 * extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY lag))::float AS p50,
    1000 * extract(epoch FROM percentile_disc(0.95) WITHIN GROUP (ORDER BY lag))::float AS p95,
    1000 * extract(epoch FROM max(lag))::float AS max
  FROM lags GROUP BY what ORDER BY what`;

/** What follows a purchase, while the shop sells at half of the rate that it could. */
export async function measureBehind(url: string, databaseUrl: string, topRate: number): Promise<Behind> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    const { perSecond } = await runToEnd<Measurement>('load.js', [
      ...['--base', url, '--work', 'purchase', '--connections', '16', '--rate', String(topRate / 2)],
      ...['--seconds', String(SECONDS), '--warmup', '1'],
    ]);
    await settled(databaseUrl);
    const lags = await client.query<Lag>(LAGS, [rows[0]?.now]);
    return { rate: perSecond, lags: lags.rows };
  } finally {
    await client.end();
  }
}

export function behindTable({ rate, lags }: Behind): string {
  const head = `Behind the answers, at ${rate.toFixed(0)} purchases/s (target: p95 within a second)`;
  const lines = lags.map(
    ({ what, count, p50, p95, max }) =>
      `  ${what.padEnd(36)} ${String(count).padStart(6)} ×   p50 ${p50.toFixed(0).padStart(5)} ms   ` +
      `p95 ${p95.toFixed(0).padStart(5)} ms   at most ${max.toFixed(0).padStart(5)} ms`,
  );
  return [head, ...lines].join('\n');
}

import type { Database } from '../../src/platform/database/database.js';

type Client = { query: (...args: unknown[]) => unknown };

interface Watchable {
  on(event: 'acquire', listener: (client: Client) => void): void;
  removeListener(event: 'acquire', listener: (client: Client) => void): void;
}

/** Relay, deliveries and webhooks work at the same time; what they do is known by what they touch. */
// Zones are read once a second for all requests; whether that falls into this one is chance.
const BEHIND =
  /platform\.(events|deliveries|outbox)|bullmq|pg_notify|advisory|gateway_events|(tax|shipping)_zones|promotion_groups/i;
/** What hears of a fact is no request, whatever it touches. */
const OF_A_HEARING = /UPDATE platform\.deliveries|gateway_events/;
const OF_A_REQUEST =
  /ordering\.|idempotency_keys|billing\.(payments|screen_attempt)|catalog\.(variants|stock)/;

/** The statements of requests, by transaction: what stands alone is a transaction of its own. */
export function watch(database: Database): { stop(): { statements: number; commits: number } } {
  const { pool } = database as unknown as { pool: Watchable };
  const transactions: string[][] = [];
  const open = new Map<Client, string[]>();
  const originals = new Map<Client, Client['query']>();
  const see = (client: Client, text: string) => {
    const running = open.get(client);
    if (/^START TRANSACTION/i.test(text)) open.set(client, [text]);
    else if (running === undefined) transactions.push([text]);
    else {
      running.push(text);
      if (!/^(COMMIT|ROLLBACK)/i.test(text)) return;
      transactions.push(running);
      open.delete(client);
    }
  };
  const acquire = (client: Client) => {
    if (originals.has(client)) return;
    const original = client.query;
    originals.set(client, original);
    client.query = (...args: unknown[]) => {
      const [first] = args as [string | { text?: string }];
      see(client, typeof first === 'string' ? first : (first.text ?? ''));
      return original.apply(client, args);
    };
  };
  pool.on('acquire', acquire);
  return {
    stop: () => {
      pool.removeListener('acquire', acquire);
      for (const [client, original] of originals) client.query = original;
      const own = transactions.filter((texts) => {
        const all = texts.join('\n');
        return OF_A_REQUEST.test(all) && !OF_A_HEARING.test(all) && (texts.length > 1 || !BEHIND.test(all));
      });
      const writes = own.filter(
        (texts) => texts.length > 1 || /INSERT|UPDATE|DELETE|screen_attempt/.test(texts.join()),
      );
      return { statements: own.flat().length, commits: writes.length };
    },
  };
}

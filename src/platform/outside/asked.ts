import { Logger } from '@nestjs/common';
import type { Database } from '../database/database.js';
import { ask } from './ask.js';

const log = new Logger('tax');
const MOST_BYTES = 256 * 1024;

/** Asks somebody outside about tax, never with a transaction open; says why there was no answer, and throws. */
export async function asked(
  database: Database,
  url: string,
  { body, token = null, timeoutMs }: { body: object; token?: string | null; timeoutMs: number },
): Promise<unknown> {
  if (database.inTransaction) throw new Error('nobody outside is asked inside a transaction');
  try {
    return await ask(url, { body, token, timeoutMs, mostBytes: MOST_BYTES });
  } catch (error) {
    log.warn({ why: error instanceof Error ? error.message : 'no reason given' }, 'not answered');
    throw error;
  }
}

import { isCheckViolation } from '../../platform/database/database.js';
import type { Problem } from '../../platform/http/problem.js';

/** The CHECKs of catalog.stock are the last wall: running into it is an answer and not a fault. */
export async function guarded<T>(write: () => Promise<T>, problem: () => Problem): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isCheckViolation(error, 'stock_available_check') || isCheckViolation(error, 'stock_counters_check')) {
      throw problem();
    }
    throw error;
  }
}

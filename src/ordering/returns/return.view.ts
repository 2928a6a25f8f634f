import type { OrderReturnDto } from './return.dto.js';
import type { OrderReturn } from './return.js';

/** The return as the contract has it. */
export const returnView = (one: OrderReturn): OrderReturnDto => ({
  ...one,
  createdAt: one.createdAt.toISOString(),
  decidedAt: one.decidedAt?.toISOString() ?? null,
  receivedAt: one.receivedAt?.toISOString() ?? null,
  settledAt: one.settledAt?.toISOString() ?? null,
  receipts: one.receipts.map((receipt) => ({ ...receipt, at: receipt.at.toISOString() })),
});

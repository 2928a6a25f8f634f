import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { boughtPieces, type Order } from '../order/order.js';
import { type Limited, PurchaseLimitRepository } from './purchase-limits.repository.js';

/** Whoever buys: known by the account, by the address, or by both; then both count. */
export interface Buyer {
  customerId: string | null;
  email: string | null;
}

/** Counts what each customer has bought of what is limited, under keyed hashes: who it was does not stand here. */
@Injectable()
export class PurchaseLimits {
  /** The present key first. */
  private readonly keys: [Buffer, ...Buffer[]];

  constructor(
    private readonly counts: PurchaseLimitRepository,
    config: Config,
  ) {
    const [present, ...former] = config.keyRing('purchase-limits');
    this.keys = [present.key, ...former.map(({ key }) => key)];
  }

  /**
   * In the transaction that writes the order, before its stock is locked. Returns the variants of which the buyer may not
   * have so many: when there are any, the transaction must not be committed.
   */
  async claim(orderId: string, buyer: Buyer, lines: readonly Limited[]): Promise<string[]> {
    if (lines.length === 0) return [];
    const [key, ...former] = this.keys;
    const buyers = hashes(key, buyer);
    for (const one of former) await this.counts.rename(hashes(one, buyer), buyers);
    const within = await this.counts.claim(orderId, buyers, lines);
    return lines.map(({ variantId }) => variantId).filter((variantId) => !within.includes(variantId));
  }

  /**
   * In the caller's transaction, under the lock of the order and before stock is locked: a change has left so much of it. Pieces
   * whose money goes back are given back, as all of them are with a whole order, and those in `grown` are counted on top.
   * Returns the variants of which the buyer may not have so many: when there are any, the transaction must not be committed.
   * Repeating it without `grown` does nothing.
   */
  async follow(order: Order, grown: readonly Limited[]): Promise<string[]> {
    await this.counts.shrink(order.id, boughtPieces(order));
    return this.claim(order.id, order, grown);
  }

  /** In the caller's transaction, before stock is locked: the order came to nothing. Repeating it does nothing. */
  async giveBack(orderId: string): Promise<void> {
    await this.counts.count(orderId, false);
  }

  /** It came to something after all; whatever the limit says, for it is paid. */
  async takeBack(orderId: string): Promise<void> {
    await this.counts.count(orderId, true);
  }

  /** How many pieces of these variants a customer has bought; of an address that anybody may name, nothing is told. */
  async bought(customerId: string, variantIds: string[]): Promise<Map<string, number>> {
    if (variantIds.length === 0) return new Map();
    const rows = await this.counts.bought(this.allHashes({ customerId, email: null }), variantIds);
    return new Map(rows.map(({ variantId, quantity }) => [variantId, quantity]));
  }

  /** What is counted for somebody, by variant. */
  countsOf(
    buyer: Buyer,
    after: string | null,
    limit: number,
  ): ReturnType<PurchaseLimitRepository['countsOf']> {
    return this.counts.countsOf(this.allHashes(buyer), after, limit);
  }

  /** In the caller's transaction: afterwards nothing was counted for them. */
  async forget(buyer: Buyer): Promise<void> {
    await this.counts.forget(this.allHashes(buyer));
  }

  private allHashes(buyer: Buyer): Buffer[] {
    return this.keys.flatMap((key) => hashes(key, buyer));
  }
}

function hashes(key: Buffer, { customerId, email }: Buyer): Buffer[] {
  const names = [
    ...(customerId === null ? [] : [`customer:${customerId}`]),
    ...(email === null ? [] : [`email:${email.normalize('NFKC').toLowerCase()}`]),
  ];
  return names.map((name) => createHmac('sha256', key).update(name).digest());
}

import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { isThisMachine, networkOf } from '../../platform/http/network.js';
import { cartProblems } from './cart.errors.js';

const HOUR_SECONDS = 3_600;
/** So many of a network are let through by each process unasked: the carts of people cost no statement. */
const UNASKED = 20;
const MOST_NETWORKS = 10_000;

/** How many carts strangers may make, by the network that they come from. */
@Injectable()
export class CartQuota {
  /** Carts of networks that have made few, in the hour that began then. */
  private readonly few = new Map<string, number>();
  private since = 0;

  constructor(
    private readonly identity: IdentityApi,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * Counts a cart that a guest is about to make: 429 when the network has had its share of this hour. What comes from this
   * machine is a proxy without `TRUSTED_PROXIES`, or the shop itself, and says nothing of who asks.
   */
  async count(actor: Actor, ip: string): Promise<void> {
    if (actor.kind !== 'anonymous' || isThisMachine(ip)) return;
    const network = networkOf(ip);
    if (this.isOneOfFew(network)) return;
    const free = Math.max(1, this.config.cartsPerNetwork - UNASKED);
    const wait = await this.identity.countAttempt('carts', ip, { free, windowSeconds: HOUR_SECONDS });
    if (wait > 0) throw cartProblems.too_many_carts(undefined, { retryAfter: wait });
  }

  private isOneOfFew(network: string): boolean {
    const now = this.clock.now().getTime();
    if (this.few.size >= MOST_NETWORKS || now - this.since > HOUR_SECONDS * 1_000) {
      this.few.clear();
      this.since = now;
    }
    const before = this.few.get(network) ?? 0;
    if (before >= Math.min(UNASKED, this.config.cartsPerNetwork - 1)) return false;
    this.few.set(network, before + 1);
    return true;
  }
}

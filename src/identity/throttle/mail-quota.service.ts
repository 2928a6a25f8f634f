import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Seldom } from '../../platform/audit/seldom.js';
import { Config } from '../../platform/config.js';
import { networkOf, placeOf } from '../../platform/http/network.js';
import { identityProblems } from '../identity.errors.js';
import { type Announce, rateLimit } from './rate-limit.js';
import { type Quota, ThrottleRepository } from './throttle.repository.js';

/** Who asks for something that may end in a mail, and where to put what is left for the network. */
export interface Asking {
  ip: string;
  announce: Announce;
}

/** Mails that anybody may cause for an address: three an hour, ten a day. */
const PER_HOUR: Quota = { free: 3, windowSeconds: 3_600 };
const PER_DAY: Quota = { free: 10, windowSeconds: 86_400 };
/** Longer than the work takes, whatever it finds: the time must not tell whether an address has an account. */
const ANSWER_MS = 100;
const MINUTE = 60_000;

/**
 * How many mails and accounts strangers may cause. Nobody is told when there are no more mails: the answer stays the same,
 * for it must not tell what is known of an address. What is refused to a network says nothing of any address.
 */
@Injectable()
export class MailQuota {
  private readonly log = new Logger('mails');
  private readonly told = new Seldom(MINUTE);

  constructor(
    private readonly throttles: ThrottleRepository,
    private readonly config: Config,
  ) {}

  /** The network has caused its mails of this hour. Counts this one. */
  async isUsedUpBy({ ip, announce }: Asking): Promise<boolean> {
    const quota: Quota = { free: this.config.mailsPerNetwork, windowSeconds: 3_600 };
    const counted = await this.throttles.attempt(`mails-of-network:${networkOf(ip)}`, quota);
    announce(rateLimit('mails', quota, counted));
    if (counted.wait > 0) this.warn(ip);
    return counted.wait > 0;
  }

  /** Nobody who asks is told, so whoever runs the shop has to be: a proxy that is not trusted makes all of them one network. */
  private warn(ip: string): void {
    const network = placeOf(ip) ?? 'unknown';
    if (this.told.admits(network))
      this.log.warn(
        { network },
        'letters are not sent: their network has caused too many (MAILS_PER_NETWORK, TRUSTED_PROXIES)',
      );
  }

  /**
   * Counts a registration, before anything is done for it: each costs a slow hash, whatever becomes of it. 429 when the
   * network has had its share of this hour.
   */
  async countRegistration({ ip, announce }: Asking): Promise<void> {
    const quota: Quota = { free: this.config.registrationsPerNetwork, windowSeconds: 3_600 };
    const counted = await this.throttles.attempt(`registrations:${networkOf(ip)}`, quota);
    if (counted.wait === 0) return;
    announce(rateLimit('registrations', quota, counted));
    throw identityProblems.too_many_attempts(undefined, { retryAfter: counted.wait });
  }

  /** The address has got its mails of this hour or day. Counts this one. */
  async isUsedUpFor(email: string): Promise<boolean> {
    return (
      (await this.throttles.attempt(`mail:${email}`, PER_HOUR)).wait > 0 ||
      (await this.throttles.attempt(`mails-of-day:${email}`, PER_DAY)).wait > 0
    );
  }
}

/** Takes as long whatever the work finds. */
export async function evenly(work: Promise<void>): Promise<void> {
  await Promise.all([work, wait(ANSWER_MS)]);
}

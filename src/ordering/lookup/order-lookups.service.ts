import { createHmac, randomInt, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { ERASED_EMAIL } from '../../platform/personal-data/erased.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { OrderLookupAsked } from '../ordering.events.js';
import type { LookUpOrderDto, LookupDto, LookupTokenDto, VerifyLookupDto } from './order-lookup.dto.js';
import { lookupProblems } from './order-lookup.errors.js';
import { orderLookupMail } from './order-lookup.mails.js';
import { OrderLookupRepository } from './order-lookup.repository.js';

/** So often an order is found in an hour, whoever asks: its buyer shall not be drowned in letters. */
const FOUND = { free: 5, windowSeconds: 3_600 };
/** So much one network may ask, and try, in a quarter of an hour. */
const ASKED = { free: 20, windowSeconds: 900 };
const TRIED = { free: 30, windowSeconds: 900 };

/**
 * Guests who have lost the token of their cart find their order by its number and their address: a code goes to that address, and
 * opens the order for an hour. Whoever asks learns nothing: the answer, and the work for it, are the same for an order that
 * there is not.
 */
@Injectable()
export class OrderLookups {
  private readonly key: Buffer;

  constructor(
    private readonly database: Database,
    private readonly lookups: OrderLookupRepository,
    private readonly identity: IdentityApi,
    private readonly mail: Mail,
    private readonly outbox: Outbox,
    config: Config,
  ) {
    this.key = config.key('order-lookup');
  }

  async ask({ number, email }: LookUpOrderDto, ip: string): Promise<LookupDto> {
    await this.count('order-lookup', ip, ASKED);
    const lookupId = newId();
    // By both that it takes to find it, so that nobody else keeps its buyer from it; counted before it is looked for.
    const wait = await this.identity.countAbout('order-lookup', `${number} ${email.toLowerCase()}`, FOUND);
    return this.database.transaction(async () => {
      const expiresAt = await this.lookups.ask(lookupId, number, email, wait === 0);
      this.outbox.record(new OrderLookupAsked({ lookupId }));
      return { lookupId, expiresAt: expiresAt.toISOString() };
    });
  }

  /** The letter with the code, for a look-up that found something. In the caller's transaction. */
  async write(lookupId: string): Promise<void> {
    const found = await this.lookups.find(lookupId);
    if (!found || found.email === ERASED_EMAIL) return;
    const code = String(randomInt(0, 1_000_000)).padStart(6, '0');
    await this.lookups.setCode(lookupId, this.hashOf(lookupId, code));
    await this.mail.request({
      template: orderLookupMail.name,
      subjectId: lookupId,
      to: found.email,
      data: { number: found.number, code },
    });
  }

  /** Five attempts, each counted before it is looked at. */
  async verify({ lookupId, code }: VerifyLookupDto, ip: string): Promise<LookupTokenDto> {
    await this.count('order-lookup-code', ip, TRIED);
    const asked = await this.lookups.attempt(lookupId);
    const given = this.hashOf(lookupId, code);
    const isRight = timingSafeEqual(given, asked?.codeHash ?? Buffer.alloc(given.length));
    if (!isRight || !asked?.codeHash || asked.orderId === null) throw lookupProblems.lookup_refused();
    const token = newSecret();
    const expiresAt = await this.lookups.open(lookupId, hashOf(token));
    if (expiresAt === null) throw lookupProblems.lookup_refused();
    return { orderId: asked.orderId, token, expiresAt: expiresAt.toISOString() };
  }

  private async count(what: string, ip: string, quota: typeof ASKED): Promise<void> {
    const wait = await this.identity.countAttempt(what, ip, quota);
    if (wait > 0) throw platformProblems.too_many_requests(undefined, { retryAfter: wait });
  }

  private hashOf(lookupId: string, code: string): Buffer {
    return createHmac('sha256', this.key).update(`${lookupId}\n${code}`).digest();
  }
}

import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { networkOf } from '../../platform/http/network.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { StockAwaited } from '../catalog.events.js';
import { NoticeAddresses } from './notice-addresses.service.js';
import { StockNoticeRepository, type WantedVariant } from './stock-notice.repository.js';
import { backMail, waitingMail } from './stock-notice.mails.js';

const HOUR = 3_600;
const DAY = 86_400;
const PER_NETWORK = 60;
/** Letters that anybody may cause for an address in a day, and what may be waited for in all. */
const PER_ADDRESS = 10;
const MAX_WAITING = 50;
const BATCH = 100;

/** Letters to whoever waits for something that is sold out: one for each, and then they are forgotten. */
@Injectable()
export class StockNotices {
  private readonly log = new Logger('stock-notices');

  constructor(
    private readonly database: Database,
    private readonly notices: StockNoticeRepository,
    private readonly addresses: NoticeAddresses,
    private readonly mail: Mail,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * 404 for what the shop does not show, 429 for a network that asks too often. Beyond that nothing is told: not whether the
   * address waits already, nor that it has had its letters of the day.
   */
  async ask(variantId: string, email: string, customerId: string | null, ip: string): Promise<void> {
    const wait = await this.notices.count(
      this.addresses.bucket(`network ${networkOf(ip)}`),
      PER_NETWORK,
      HOUR,
    );
    if (wait > 0) throw platformProblems.too_many_requests(undefined, { retryAfter: wait });
    const now = this.clock.now();
    const variant = await this.notices.variant(variantId, now);
    if (!variant) throw platformProblems.not_found();
    const [hash, ...former] = this.addresses.hashes(email);
    if (hash === undefined) return;
    await this.database.transaction(async () => {
      if ((await this.notices.waitingOf([hash, ...former])) >= MAX_WAITING) return;
      const [id, token] = [newId(), newSecret()];
      const made = await this.notices.add({
        id,
        variantId,
        hash,
        address: this.addresses.seal(id, email),
        keyId: this.addresses.keyId,
        customerId,
        tokenHash: hashOf(token),
        at: now,
      });
      if (!made) return;
      this.outbox.record(new StockAwaited({ variantId }));
      const letters = await this.notices.count(
        this.addresses.bucket(`address ${hash.toString('hex')}`),
        PER_ADDRESS,
        DAY,
      );
      if (letters > 0) return;
      const cancelUrl = `${this.config.publicUrl}/stock-notices/cancel?token=${token}`;
      const data = { ...this.letter(variant), cancelUrl };
      await this.mail.request({ template: waitingMail.name, subjectId: id, to: email, data });
    });
  }

  /** By the link of the letter. Repeating it, or a token that is none, is the same. */
  async cancel(token: string): Promise<void> {
    await this.notices.dropByToken(hashOf(token));
  }

  /** Somebody's own. 404 when there is no such one. */
  async cancelOwn(id: string, customerId: string): Promise<void> {
    if (!(await this.notices.dropOwn(id, customerId))) throw platformProblems.not_found();
  }

  /**
   * Asks for the letters to all who wait for a variant, if it is still there, and forgets their addresses in the same
   * transactions, some at a time: run twice, at once or after a crash, each gets one.
   */
  async tell(variantId: string): Promise<void> {
    while (await this.tellSome(variantId));
  }

  /**
   * Looks at all that is waited for: a bundle whose parts suffice again, what is shown again and what is no longer counted is
   * back without a fact of its own.
   */
  async tellAll(): Promise<void> {
    let after: string | null = null;
    do {
      const page = await this.notices.awaited(after, BATCH, this.clock.now());
      for (const { variantId, isThere } of page) {
        if (!isThere) continue;
        try {
          await this.tell(variantId);
        } catch (error) {
          // One odd address must not keep the others waiting.
          this.log.warn(`who waits for ${variantId} could not be told: ${String(error)}`);
        }
      }
      after = page.length === BATCH ? (page.at(-1)?.variantId ?? null) : null;
    } while (after !== null);
  }

  private tellSome(variantId: string): Promise<boolean> {
    return this.database.transaction(async () => {
      await this.notices.lock(variantId);
      const now = this.clock.now();
      const variant = await this.notices.variant(variantId, now);
      if (!variant || variant.available <= 0) return false;
      const waiting = await this.notices.some(variantId, BATCH);
      // Who asked as a guest and again when signed in gets one letter all the same.
      const letters = new Map(waiting.map((one) => [one.hash.toString('hex'), one]));
      for (const { id, address } of letters.values())
        await this.mail.request({
          template: backMail.name,
          subjectId: id,
          to: this.addresses.open(id, address),
          data: this.letter(variant),
        });
      await this.notices.told(
        waiting.map(({ id }) => id),
        now,
      );
      return waiting.length > 0;
    });
  }

  /** Seals and hashes with the present key of SECRET_KEY what is kept under the one before. */
  async reseal(): Promise<void> {
    await this.notices.dropOldCounts();
    for (let some = BATCH; some === BATCH;) some = await this.resealSome();
  }

  private resealSome(): Promise<number> {
    return this.database.transaction(async () => {
      const rows = await this.notices.otherwiseSealed(this.addresses.keyId, BATCH);
      for (const { id, address } of rows) {
        const email = this.addresses.open(id, address);
        const [hash] = this.addresses.hashes(email);
        if (hash) await this.notices.reseal(id, hash, this.addresses.seal(id, email), this.addresses.keyId);
      }
      return rows.length;
    });
  }

  private letter({ handle, title, variantTitle }: WantedVariant): { name: string; url: string } {
    const name = variantTitle === '' || variantTitle === title ? title : `${title}, ${variantTitle}`;
    return { name, url: `${this.config.publicUrl}/products/${handle}` };
  }
}

import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { hashOf } from '../../platform/secret.js';
import type { Cart } from '../cart/cart.js';
import { CartRepository } from '../cart/cart.repository.js';
import { type CartLetter, cartReminderMail } from './reminder.mails.js';
import { type Due, ReminderRepository } from './reminder.repository.js';
import { readStopToken, restoreToken, stopToken } from './reminder-token.js';

const HOUR_MS = 3_600_000;
/** Who is reminded of one cart is not reminded of another for a week. */
const QUIET_MS = 7 * 24 * HOUR_MS;
/** A cart that was left behind so long before its last letter was due is history. */
const TOO_LATE_MS = 3 * 24 * HOUR_MS;

interface Addressee {
  email: string;
  withdrawalUrl: string | null;
}

/**
 * Letters about carts that were left behind, only to whoever agreed: a guest with the cart itself, a customer with the cart
 * or with letters about offers.
 */
@Injectable()
export class Reminders {
  /** The present key first. */
  private readonly keys: [Buffer, ...Buffer[]];

  constructor(
    private readonly database: Database,
    private readonly carts: CartRepository,
    private readonly reminders: ReminderRepository,
    private readonly identity: IdentityApi,
    private readonly mail: Mail,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {
    const [present, ...former] = config.keyRing('cart-reminders');
    this.keys = [present.key, ...former.map(({ key }) => key)];
  }

  /** A page of carts whose next letter is due, those first that were left first; none when the shop writes none. */
  due(after: Due | null, limit: number): Promise<Due[]> {
    const hours = this.config.cartReminderHours;
    const last = hours.at(-1);
    if (last === undefined) return Promise.resolve([]);
    const now = this.clock.now();
    const tooOld = new Date(now.getTime() - last * HOUR_MS - TOO_LATE_MS);
    return this.reminders.due(hours, now, tooOld, after, limit);
  }

  /**
   * Asks for the letter of one cart, in a transaction of its own: written down and asked for together, so that it is one letter
   * however often this is done. Nothing when it is not wanted, or no longer due.
   */
  async remind(due: Due): Promise<void> {
    // People are asked about before anything is locked.
    const letters = due.customerId === null ? null : await this.identity.lettersTo(due.customerId);
    const customer = due.customerId === null ? null : await this.identity.customer(due.customerId);
    await this.database.transaction(async () => {
      const head = await this.carts.lock(due.id);
      // Whoever signed in meanwhile is somebody else to us: next time.
      if (!head || head.customerId !== due.customerId) return;
      const to = await this.addressee(head, letters, customer?.email ?? null);
      const now = this.clock.now();
      if (!to || !(await this.reminders.isDue(due, to.email, this.config.cartReminderHours, now))) return;
      const id = newId();
      const row = { id, cartId: due.id, step: due.step, addressHash: this.hashOf(to.email), at: now };
      if (!(await this.reminders.insert(row, new Date(now.getTime() - QUIET_MS)))) return;
      const { lines } = await this.carts.content(due.id);
      const data = this.letter({ ...head, lines }, to);
      if (head.customerId === null)
        await this.reminders.setRestoreHash(due.id, hashOf(restoreToken(this.keys[0], due.id, to.email)));
      await this.mail.request({ template: cartReminderMail.name, subjectId: id, to: to.email, data });
    });
  }

  /** By the link in a letter: no more of them to whoever got it. False when the token is not ours. Works as often as it is tried. */
  async stop(token: string): Promise<boolean> {
    const cartId = readStopToken(this.keys, token);
    if (cartId === null) return false;
    await this.database.transaction(() => this.reminders.stop(cartId, this.clock.now()));
    return true;
  }

  /** Who has agreed to be reminded of this cart; null: nobody. */
  private async addressee(
    cart: Omit<Cart, 'lines'>,
    letters: Addressee | null,
    known: string | null,
  ): Promise<Addressee | null> {
    if (cart.remindSince !== null && (known ?? cart.email) !== null)
      return { email: known ?? cart.email ?? '', withdrawalUrl: letters?.withdrawalUrl ?? null };
    if (cart.customerId === null || letters === null) return null;
    return (await this.reminders.refusedBy([cart.customerId])).size > 0 ? null : letters;
  }

  private letter({ id, customerId, lines }: Cart, { email, withdrawalUrl }: Addressee): CartLetter {
    const shop = this.config.publicUrl;
    const own = customerId === null ? `&token=${restoreToken(this.keys[0], id, email)}` : '';
    return {
      contents: lines.map(({ quantity, title }) => `${quantity} × ${title}`).join('\n'),
      url: `${shop}/cart?id=${id}${own}`,
      stopUrl: `${shop}/cart/letters?stop=${stopToken(this.keys[0], id)}`,
      withdrawalUrl,
    };
  }

  private hashOf(email: string): Buffer {
    return createHmac('sha256', this.keys[0])
      .update(`address ${email.normalize('NFKC').toLowerCase()}`)
      .digest();
  }
}

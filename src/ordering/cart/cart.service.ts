import { Injectable } from '@nestjs/common';
import { CatalogApi, type SellableVariant } from '../../catalog/catalog.api.js';
import { IdentityApi } from '../../identity/identity.api.js';
import { requireInPerson } from '../../platform/access/access.js';
import { type Actor, groupsOf, personId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database, isCheckViolation } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { CartCodes } from '../promotion/cart-codes.service.js';
import { CartFactsReader } from '../promotion/cart-facts.service.js';
import { PurchaseLimits } from '../limit/purchase-limits.service.js';
import { CarrierQuoteService } from '../shipping/carrier-quotes.service.js';
import { ShippingChoices } from '../shipping/shipping-choices.service.js';
import { SellingRules } from '../shipping/selling-rules.js';
import { TaxDesk } from '../tax/tax-desk.service.js';
import { requireAddresses, toAddress } from '../../platform/address/address.js';
import type { CheckedVatId } from '../tax/vat-id.js';
import { type Assessment, assess } from './assessment.js';
import { type Holder, holds } from './cart.access.js';
import type { CartLineInput, CreateCartDto, UpdateCartDto } from './cart.dto.js';
import { cartProblems } from './cart.errors.js';
import { CartRepository } from './cart.repository.js';
import {
  refuseBeyondLimits,
  refuseOddGifts,
  refuseUnsold,
  toLines,
  type WantedLine,
  wantedLines,
} from './cart-lines.js';
import { type Cart, type CartLine, isSameLine, MAX_LINES, MAX_QUANTITY, quantitiesOf } from './cart.js';

export interface AssessedCart {
  cart: Cart;
  assessment: Assessment;
}

export interface MadeCart extends AssessedCart {
  /** Told once, to the guest who holds it. */
  token: string | null;
  /** False: it was there before. */
  made: boolean;
}

const inLines = (index: number): string => `/lines/${index}`;

/** Carts of guests and customers. Every change locks the cart first, so two tabs cannot lose each other's lines. */
@Injectable()
export class CartService {
  constructor(
    private readonly database: Database,
    private readonly carts: CartRepository,
    private readonly catalog: CatalogApi,
    private readonly rules: SellingRules,
    private readonly facts: CartFactsReader,
    private readonly codes: CartCodes,
    private readonly identity: IdentityApi,
    private readonly limits: PurchaseLimits,
    private readonly tax: TaxDesk,
    private readonly clock: Clock,
    private readonly choices: ShippingChoices,
    private readonly carriers: CarrierQuoteService,
  ) {}

  /**
   * A cart with its lines in one go. A guest gets the token that opens it; a customer's cart opens by signing in. A customer
   * has one active cart in a currency: when there is one, the lines go into it, and `made` is false.
   */
  async create(actor: Actor, input: CreateCartDto): Promise<MadeCart> {
    const rules = await this.rules.current();
    if (input.remindMe) requireInPerson(actor);
    const customerId = personId(actor);
    const token = customerId === null ? newSecret() : null;
    const wanted = wantedLines(input.lines ?? [], inLines);
    const known = await this.sellable(input.currency, wanted, groupsOf(actor), inLines);
    const now = this.clock.now();
    const cart: Cart = {
      id: newId(),
      tokenHash: token === null ? null : hashOf(token),
      restoreHash: null,
      customerId,
      currency: input.currency,
      email: input.email ?? (await this.emailOf(customerId)),
      shippingAddress: null,
      billingAddress: null,
      shippingOptionId: null,
      promotionCodes: [],
      pickupPointId: null,
      pickupPoint: null,
      remindSince: input.remindMe ? now : null,
      vatId: null,
      vatCheck: null,
      certificates: await this.tax.certificatesOf(customerId),
      state: 'active',
      version: 1,
      lines: toLines(wanted, known),
    };
    if (!(await this.carts.insert(cart, now))) {
      const put = await this.putIntoActive(actor, input, wanted);
      // Ordered in this very moment: then there is room for a new one.
      return put ? { ...put, token: null, made: false } : this.create(actor, input);
    }
    const { sellable, facts } = await this.facts.read(cart, actor, rules.promotions, { known });
    return { cart, token, assessment: assess(cart, sellable, rules, { now, facts }), made: true };
  }

  /** The active cart of a customer in a currency; 404 when there is none. */
  async active(actor: Actor, currency: string): Promise<AssessedCart> {
    const customerId = personId(actor);
    const id = customerId && (await this.carts.activeOf(customerId, currency));
    if (id === null) throw platformProblems.not_found();
    return this.get(id, { actor, tokenHash: null });
  }

  /** The cart as it stands now; somebody else's is as unknown as none. */
  async get(id: string, holder: Holder): Promise<AssessedCart> {
    const rules = await this.rules.current();
    const cart = await this.carts.find(id);
    if (!cart || !holds(holder, cart)) throw platformProblems.not_found();
    const { sellable, facts } = await this.facts.read(cart, holder.actor, rules.promotions);
    const bought = await this.boughtBy(cart.customerId, sellable);
    const at = { now: this.clock.now(), bought, facts };
    const { result, quotes } = await this.carriers.quoting((known) =>
      assess(cart, sellable, rules, { ...at, quotes: known }),
    );
    const assessment = await this.tax.informed(result, (quote) =>
      assess(cart, sellable, rules, { ...at, quotes, quote }),
    );
    return { cart, assessment };
  }

  async addLine(
    id: string,
    holder: Holder,
    line: CartLineInput,
    version: number | null,
  ): Promise<AssessedCart> {
    const wanted = wantedLines([line], () => '');
    return this.change(id, holder, version, (cart) => this.putIn(cart, holder, wanted, () => ''));
  }

  setQuantity(
    id: string,
    lineId: string,
    holder: Holder,
    quantity: number,
    version: number | null,
  ): Promise<AssessedCart> {
    return this.change(id, holder, version, async (cart) => {
      const line = cart.lines.find((one) => one.id === lineId);
      if (!line) throw platformProblems.not_found();
      await this.carts.setQuantity(id, lineId, quantity);
      const beside = cart.lines.filter((one) => one !== line && one.variantId === line.variantId);
      const wanted = { variantId: line.variantId, quantity };
      const [whole] = quantitiesOf([...beside, wanted].filter((one) => one.quantity > 0));
      if (!whole) return;
      const sellable = await this.catalog.sellable([whole], cart.currency, groupsOf(holder.actor));
      // Fewer is a way out of what is too many, though it be too many still.
      if (quantity > line.quantity) refuseBeyondLimits([wanted], sellable, () => '', beside);
      await this.followQuantities(cart, sellable, groupsOf(holder.actor));
    });
  }

  async update(
    id: string,
    holder: Holder,
    input: UpdateCartDto,
    version: number | null,
  ): Promise<AssessedCart> {
    requireAddresses({ '/shippingAddress': input.shippingAddress, '/billingAddress': input.billingAddress });
    if (input.remindMe) requireInPerson(holder.actor);
    const vat = await this.vatIdOf(id, holder, input);
    return this.change(id, holder, version, async (cart) => {
      await this.choices.require(input);
      const { shippingAddress, billingAddress, shippingOptionId, pickupPointId, promotionCodes } = input;
      const email = input.email === undefined ? cart.email : input.email;
      const customerId = cart.customerId ?? personId(holder.actor);
      await this.carts.save(id, {
        email,
        remindSince: this.remindSince(cart, email, input.remindMe),
        shippingAddress:
          shippingAddress === undefined
            ? cart.shippingAddress
            : shippingAddress && toAddress(shippingAddress),
        billingAddress:
          billingAddress === undefined ? cart.billingAddress : billingAddress && toAddress(billingAddress),
        shippingOptionId: shippingOptionId === undefined ? cart.shippingOptionId : shippingOptionId,
        promotionCodes: promotionCodes
          ? await this.codes.accept(promotionCodes, cart.promotionCodes, customerId)
          : cart.promotionCodes,
        pickupPointId: pickupPointId === undefined ? cart.pickupPointId : pickupPointId,
        ...(vat ?? { vatId: cart.vatId, vatCheck: cart.vatCheck }),
      });
    });
  }

  /** Null: it stays. Asked before the cart is locked, and only for whoever may change it. */
  private async vatIdOf(
    id: string,
    holder: Holder,
    { vatId }: UpdateCartDto,
  ): Promise<CheckedVatId | { vatId: null; vatCheck: null } | null> {
    if (vatId === undefined) return null;
    if (vatId === null) return { vatId, vatCheck: null };
    const cart = await this.carts.find(id);
    if (!cart || !holds(holder, cart)) throw platformProblems.not_found();
    return this.tax.checked(vatId);
  }

  private boughtBy(
    customerId: string | null,
    sellable: readonly SellableVariant[],
  ): Promise<Map<string, number>> {
    const limited = sellable.filter(({ maxPerCustomer }) => maxPerCustomer !== null);
    if (customerId === null || limited.length === 0) return Promise.resolve(new Map<string, number>());
    return this.limits.bought(
      customerId,
      limited.map(({ variantId }) => variantId),
    );
  }

  /** A customer need not say again what we know. */
  async emailOf(customerId: string | null): Promise<string | null> {
    if (customerId === null) return null;
    return (await this.identity.customer(customerId))?.email ?? null;
  }

  /**
   * Locks an active cart, which must be the holder's and of this version, and changes it; `change` sees it as it is then, and
   * what it throws takes everything back. In the caller's transaction, if there is one. Answers the cart as it stands: what its
   * lines cost then counts as seen, and the answer says for the last time what had changed before.
   */
  async change(
    id: string,
    holder: Holder,
    version: number | null,
    change: (cart: Cart) => Promise<void>,
  ): Promise<AssessedCart> {
    await this.rules.current();
    try {
      await this.database.transaction(async () => {
        const head = await this.carts.lock(id);
        if (!head || !holds(holder, head)) throw platformProblems.not_found();
        requireVersion(version, head.version);
        const { lines, orderId } = await this.carts.content(id);
        if (orderId !== null || head.state !== 'active') {
          throw cartProblems.cart_closed(undefined, { extra: { orderId } });
        }
        await change({ ...head, lines });
        await this.carts.touch(id, this.clock.now());
      });
    } catch (error) {
      if (isCheckViolation(error, 'cart_lines_quantity_check')) {
        throw cartProblems.too_many_lines(`A line has at most ${MAX_QUANTITY} pieces.`, {
          errors: [
            { pointer: '/quantity', code: 'max_quantity', message: `must be at most ${MAX_QUANTITY} in all` },
          ],
        });
      }
      throw error;
    }
    const changed = await this.get(id, holder);
    await this.seePrices(id, changedOf(changed));
    return changed;
  }

  /** Puts lines beside those of a locked cart, in the caller's transaction; all of them or, with a problem, none. */
  async putIn(
    cart: Cart,
    { actor }: Holder,
    wanted: readonly WantedLine[],
    place: (index: number) => string,
  ): Promise<void> {
    if (wanted.length === 0) return;
    const sellable = await this.sellable(cart.currency, wanted, groupsOf(actor), place, cart.lines);
    const news = wanted.filter((line) => !cart.lines.some((present) => isSameLine(present, line)));
    if (cart.lines.length + news.length > MAX_LINES) throw cartProblems.too_many_lines();
    await this.add(cart, toLines(wanted, sellable), sellable, groupsOf(actor));
  }

  /** Puts lines beside those of a locked cart as they are, in the caller's transaction. */
  async add(
    cart: Cart,
    lines: readonly CartLine[],
    sellable: readonly SellableVariant[],
    groups: readonly string[],
  ): Promise<void> {
    await this.carts.addLines(cart.id, lines);
    const touched = new Set(lines.map(({ variantId }) => variantId));
    const grown = sellable.filter(({ variantId }) => touched.has(variantId));
    await this.followQuantities(cart, grown, groups);
  }

  /**
   * With more or fewer pieces each may cost something else, and nobody's price has changed: taken note of without a word. Where
   * it has changed as well, it is left to be told. `cart` is as it was before, `now` as its lines cost afterwards.
   */
  private async followQuantities(
    cart: Cart,
    now: readonly SellableVariant[],
    groups: readonly string[],
  ): Promise<void> {
    const linesOf = (variantId: string) => cart.lines.filter((line) => line.variantId === variantId);
    const others = now.filter(({ variantId, unitPrice }) =>
      linesOf(variantId).some(({ unitAmount }) => unitAmount !== unitPrice.amount),
    );
    if (others.length === 0) return;
    const quantities = quantitiesOf(others.flatMap(({ variantId }) => linesOf(variantId)));
    const before = await this.catalog.sellable(quantities, cart.currency, groups);
    const amounts = new Map(before.map(({ variantId, unitPrice }) => [variantId, unitPrice.amount]));
    const same = others.filter(({ variantId }) =>
      linesOf(variantId).every(({ unitAmount }) => unitAmount === amounts.get(variantId)),
    );
    await this.seePrices(cart.id, same);
  }

  /** Null: the active cart is gone. */
  private async putIntoActive(
    actor: Actor,
    { currency, email, remindMe }: CreateCartDto,
    wanted: readonly WantedLine[],
  ): Promise<AssessedCart | null> {
    const customerId = personId(actor);
    const id = customerId && (await this.carts.activeOf(customerId, currency));
    if (id === null) return null;
    const holder = { actor, tokenHash: null };
    if (wanted.length === 0 && email === undefined && remindMe === undefined) return this.get(id, holder);
    return this.change(id, holder, null, async (cart) => {
      await this.putIn(cart, holder, wanted, inLines);
      const remindSince = this.remindSince(cart, email ?? cart.email, remindMe);
      await this.carts.save(id, { ...cart, email: email ?? cart.email, remindSince });
    });
  }

  /** Who agrees to letters agrees for the address that stands there. */
  private remindSince(cart: Cart, email: string | null, remindMe: boolean | undefined): Date | null {
    if (remindMe !== undefined) return remindMe ? (cart.remindSince ?? this.clock.now()) : null;
    return email === cart.email ? cart.remindSince : null;
  }

  private async seePrices(id: string, sellable: readonly SellableVariant[]): Promise<void> {
    const prices = sellable.map(({ variantId, unitPrice }) => ({ variantId, amount: unitPrice.amount }));
    await this.carts.seePrices(id, prices);
  }

  private async sellable(
    currency: string,
    lines: readonly WantedLine[],
    groups: readonly string[],
    place: (index: number) => string,
    beside: readonly CartLine[] = [],
  ): Promise<SellableVariant[]> {
    if (lines.length === 0) return [];
    const variants = new Set(lines.map(({ variantId }) => variantId));
    const same = beside.filter(({ variantId }) => variants.has(variantId));
    const sellable = await this.catalog.sellable(quantitiesOf([...same, ...lines]), currency, groups);
    refuseUnsold(lines, sellable, currency, place);
    refuseOddGifts(lines, sellable, place);
    refuseBeyondLimits(lines, sellable, place, same);
    return sellable;
  }
}

/** Those whose price has changed since it was last taken note of. */
const changedOf = ({ assessment }: AssessedCart): SellableVariant[] =>
  assessment.lines.flatMap(({ line, variant, givenBy }) =>
    variant && !givenBy && variant.unitPrice.amount !== line.unitAmount ? [variant] : [],
  );

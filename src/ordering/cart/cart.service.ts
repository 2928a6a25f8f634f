import { Injectable } from '@nestjs/common';
import { CatalogApi, type SellableVariant } from '../../catalog/catalog.api.js';
import { IdentityApi } from '../../identity/identity.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { groupsOf, personId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database, isCheckViolation } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { CartCodes } from '../promotion/cart-codes.service.js';
import { CartFactsReader } from '../promotion/cart-facts.service.js';
import { PurchaseLimits } from '../limit/purchase-limits.service.js';
import { SellingRules } from '../shipping/selling-rules.js';
import { TaxDesk } from '../tax/tax-desk.service.js';
import { requireAddresses, toAddress } from '../../platform/address/address.js';
import type { CheckedVatId } from '../tax/vat-id.js';
import { type Assessment, assess, mostInOne } from './assessment.js';
import { type Holder, holds } from './cart.access.js';
import type { CartLineInput, CreateCartDto, GiftCardForDto, UpdateCartDto } from './cart.dto.js';
import { cartProblems } from './cart.errors.js';
import { CartRepository } from './cart.repository.js';
import { type Cart, type CartLine, type GiftCardFor, MAX_LINES, MAX_QUANTITY } from './cart.js';

export interface AssessedCart {
  cart: Cart;
  assessment: Assessment;
}

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
  ) {}

  /** A cart with its lines in one go. A guest gets the token that opens it; a customer's cart opens by signing in. */
  async create(actor: Actor, input: CreateCartDto): Promise<AssessedCart & { token: string | null }> {
    const rules = await this.rules.current();
    const customerId = personId(actor);
    const token = customerId === null ? newSecret() : null;
    const wanted = merge(input.lines ?? []);
    const known = await this.sellable(input.currency, wanted, groupsOf(actor));
    const cart: Cart = {
      id: newId(),
      tokenHash: token === null ? null : hashOf(token),
      customerId,
      currency: input.currency,
      email: input.email ?? (await this.emailOf(customerId)),
      shippingAddress: null,
      billingAddress: null,
      shippingOptionId: null,
      promotionCodes: [],
      vatId: null,
      vatCheck: null,
      certificates: await this.tax.certificatesOf(customerId),
      state: 'active',
      version: 1,
      lines: toLines(wanted, known),
    };
    const now = this.clock.now();
    await this.carts.insert(cart, now);
    const { sellable, facts } = await this.facts.read(cart, actor, rules.promotions, { known });
    return { cart, token, assessment: assess(cart, sellable, rules, { now, facts }) };
  }

  /** The cart as it stands now; somebody else's is as unknown as none. */
  async get(id: string, holder: Holder): Promise<AssessedCart> {
    const rules = await this.rules.current();
    const cart = await this.carts.find(id);
    if (!cart || !holds(holder, cart)) throw platformProblems.not_found();
    const { sellable, facts } = await this.facts.read(cart, holder.actor, rules.promotions);
    const bought = await this.boughtBy(cart.customerId, sellable);
    const now = this.clock.now();
    const assessment = await this.tax.informed((quote) =>
      assess(cart, sellable, rules, { now, bought, facts, quote }),
    );
    return { cart, assessment };
  }

  addLine(id: string, holder: Holder, line: CartLineInput, version: number | null): Promise<AssessedCart> {
    return this.changing(id, holder, version, async (cart) => {
      const present = cart.lines.find(({ variantId }) => variantId === line.variantId);
      const whole = { ...line, quantity: line.quantity + (present?.quantity ?? 0) };
      const sellable = await this.sellable(cart.currency, [whole], groupsOf(holder.actor), '');
      if (present && line.giftCard && isForAnother(giftFor(line.giftCard), present.giftCard))
        throw oneRecipient('/giftCard');
      if (!present && cart.lines.length >= MAX_LINES) throw cartProblems.too_many_lines();
      await this.carts.addLines(id, toLines([line], sellable));
    });
  }

  setQuantity(
    id: string,
    lineId: string,
    holder: Holder,
    quantity: number,
    version: number | null,
  ): Promise<AssessedCart> {
    return this.changing(id, holder, version, async (cart) => {
      const line = cart.lines.find((one) => one.id === lineId);
      if (line && quantity > line.quantity) {
        const wanted = [{ variantId: line.variantId, quantity }];
        refuseBeyondLimits(
          wanted,
          await this.catalog.sellable(wanted, cart.currency, groupsOf(holder.actor)),
          () => '/quantity',
        );
      }
      if (!(await this.carts.setQuantity(id, lineId, quantity))) throw platformProblems.not_found();
    });
  }

  async update(
    id: string,
    holder: Holder,
    input: UpdateCartDto,
    version: number | null,
  ): Promise<AssessedCart> {
    requireAddresses({ '/shippingAddress': input.shippingAddress, '/billingAddress': input.billingAddress });
    const vat = await this.vatIdOf(id, holder, input);
    return this.changing(id, holder, version, async (cart) => {
      if (input.shippingOptionId) await this.requireOption(input.shippingOptionId);
      const { email, shippingAddress, billingAddress, shippingOptionId, promotionCodes } = input;
      const customerId = cart.customerId ?? personId(holder.actor);
      await this.carts.save(id, {
        email: email === undefined ? cart.email : email,
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
  private async emailOf(customerId: string | null): Promise<string | null> {
    if (customerId === null) return null;
    return (await this.identity.customer(customerId))?.email ?? null;
  }

  private async changing(
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
    return this.get(id, holder);
  }

  private async sellable(
    currency: string,
    lines: readonly CartLineInput[],
    groups: readonly string[],
    pointer?: string,
  ): Promise<SellableVariant[]> {
    if (lines.length === 0) return [];
    const sellable = await this.catalog.sellable(lines, currency, groups);
    const known = new Set(sellable.map(({ variantId }) => variantId));
    const errors = lines.flatMap(({ variantId }, index) =>
      known.has(variantId)
        ? []
        : [
            {
              pointer: `${pointer ?? `/lines/${index}`}/variantId`,
              code: 'variant_unavailable',
              message: `is not for sale in ${currency}`,
            },
          ],
    );
    if (errors.length > 0) throw cartProblems.variant_unavailable(undefined, { errors });
    refuseOddGifts(lines, sellable, (index) => `${pointer ?? `/lines/${index}`}/giftCard`);
    refuseBeyondLimits(lines, sellable, (index) => `${pointer ?? `/lines/${index}`}/quantity`);
    return sellable;
  }

  private async requireOption(id: string): Promise<void> {
    const { shipping } = await this.rules.current();
    const known = shipping.some(({ options }) => options.some((option) => option.id === id));
    if (!known) throw cartProblems.unknown_shipping_option();
  }
}

const giftFor = ({ recipientEmail, recipientName, message, sendAt }: GiftCardForDto): GiftCardFor => ({
  recipientEmail,
  recipientName: recipientName ?? null,
  message: message ?? null,
  sendAt: sendAt ?? null,
});

const giftOf = ({ giftCard }: Pick<CartLineInput, 'giftCard'>): GiftCardFor | null =>
  giftCard ? giftFor(giftCard) : null;

/** One line has one recipient: whoever was named first must not lose the card to whoever is named next. */
const isForAnother = (one: GiftCardFor | null, other: GiftCardFor | null): boolean =>
  wordsOf(one) !== wordsOf(other);
const wordsOf = (gift: GiftCardFor | null): string =>
  JSON.stringify(gift && [gift.recipientEmail, gift.recipientName, gift.message, gift.sendAt]);

const oneRecipient = (pointer: string) =>
  platformProblems.invalid_input('A cart has one recipient for gift cards of one kind.', {
    errors: [
      { pointer, code: 'other_recipient', message: 'must be as it was: order apart for somebody else' },
    ],
  });

/** Only a gift card is for somebody else. */
function refuseOddGifts(
  lines: readonly CartLineInput[],
  sellable: readonly SellableVariant[],
  pointer: (index: number) => string,
): void {
  const cards = new Set(sellable.flatMap(({ kind, variantId }) => (kind === 'gift_card' ? variantId : [])));
  const errors = lines.flatMap(({ variantId, giftCard }, index) =>
    giftCard && !cards.has(variantId)
      ? [{ pointer: pointer(index), code: 'no_gift_card', message: 'is only for gift cards' }]
      : [],
  );
  if (errors.length > 0) throw platformProblems.invalid_input('The variant is no gift card.', { errors });
}

/** What can never become an order is not put into a cart; what was bought before is looked at by readiness and checkout. */
function refuseBeyondLimits(
  lines: readonly CartLineInput[],
  sellable: readonly SellableVariant[],
  pointer: (index: number) => string,
): void {
  const variants = new Map(sellable.map((variant) => [variant.variantId, variant]));
  const errors = lines.flatMap(({ variantId, quantity }, index) => {
    const variant = variants.get(variantId);
    const limit = variant ? mostInOne(variant) : null;
    if (limit === null || quantity <= limit.most) return [];
    return [{ pointer: pointer(index), code: limit.code, message: `must be at most ${limit.most}` }];
  });
  if (errors.length > 0) throw cartProblems.quantity_limited(undefined, { errors });
}

/** The same variant twice is one line. */
function merge(lines: readonly CartLineInput[]): CartLineInput[] {
  const byVariant = new Map<string, CartLineInput>();
  for (const [index, { variantId, quantity, ...more }] of lines.entries()) {
    const before = byVariant.get(variantId);
    const total = quantity + (before?.quantity ?? 0);
    if (total > MAX_QUANTITY) throw cartProblems.too_many_lines();
    const isOdd = before && isForAnother(giftOf(more), giftOf(before));
    if (isOdd) throw oneRecipient(`/lines/${index}/giftCard`);
    byVariant.set(variantId, { ...before, ...more, variantId, quantity: total });
  }
  return [...byVariant.values()];
}

function toLines(lines: readonly CartLineInput[], sellable: readonly SellableVariant[]): CartLine[] {
  const variants = new Map(sellable.map((variant) => [variant.variantId, variant]));
  return lines.flatMap(({ variantId, quantity, giftCard }) => {
    const variant = variants.get(variantId);
    if (!variant) return [];
    return {
      id: newId(),
      variantId,
      quantity,
      productId: variant.productId,
      sku: variant.sku,
      title: variant.title,
      unitAmount: variant.unitPrice.amount,
      giftCard: giftCard ? giftFor(giftCard) : null,
    };
  });
}

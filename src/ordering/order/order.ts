import type { SellableDownload, VariantKind } from '../../catalog/catalog.api.js';
import { Money } from '../../platform/money/money.js';
import type { Address } from '../../platform/address/address.js';
import type { ShippingDetails } from '../shipping/shipping-details.js';
import { type GiftCardFor, quantitiesOf } from '../cart/cart.js';
import type { OrderDiscount } from './order-discount.js';
import type { Fulfilment } from '../fulfilment/fulfilment.js';
import type { Taxation } from '../tax/tax-rules.js';
import type { Statuses } from './order.statuses.js';

export interface OrderTaxLine {
  /** Null: the tax of shipping. */
  lineId: string | null;
  taxClass: string;
  title: string;
  ratePpm: number;
  jurisdiction: string | null;
  base: bigint;
  amount: bigint;
}

/** What one piece of a bundle was made of when it was ordered: for the packing slip, and for the stock. */
export interface OrderComponent {
  variantId: string;
  sku: string;
  title: string;
  quantity: number;
  stockTracked: boolean;
}

export interface OrderLine {
  id: string;
  variantId: string;
  productId: string;
  sku: string;
  title: string;
  variantTitle: string | null;
  options: Record<string, string>;
  /** Pieces that are ordered: those that were canceled are not, those that came back still are. */
  quantity: number;
  /** Pieces that have left, and of them those that have arrived. */
  fulfilled: number;
  /** Pieces that were taken off before they were sent. */
  canceled: number;
  /** Pieces that came back; their money goes back. */
  returned: number;
  /** Pieces, damaged or lost, whose money goes back though they do not. */
  refunded: number;
  /** Pieces, damaged or lost, that were sent again for nothing. */
  replaced: number;
  /** Pieces that somebody asked to send back, until that is settled. */
  askedBack: number;
  /** Pieces that are not sent before a change of the order is paid. */
  awaiting: number;
  delivered: number;
  /** Pieces in fulfilments that have not left. */
  planned: number;
  /** The day that it was promised for, when it was sold before it was there. */
  promisedFor: Date | null;
  kind: VariantKind;
  /** Who gets it, when it is a gift card; null: the buyer, or erased. */
  giftCard: GiftCardFor | null;
  /** What the buyer said of these pieces, such as words to engrave; null: nothing, or erased. */
  properties: Record<string, string> | null;
  /** Null for what is not digital. */
  download: SellableDownload | null;
  /** False: nobody counts it. */
  stockTracked: boolean;
  /** Null for what is no bundle. */
  components: OrderComponent[] | null;
  /** The promotion that gives it; null: it was bought. */
  givenBy: string | null;
  unitPrice: bigint;
  discount: bigint;
  tax: bigint;
  total: bigint;
}

export interface OrderHistoryEntry extends Statuses {
  at: Date;
  event: string;
  actorKind: string;
  /** Of a person or key: the id; of a job: its name. */
  actorId: string | null;
  note: string | null;
  /** What happened, in ids, quantities and money. */
  facts: Record<string, unknown> | null;
}

/** An order: a frozen copy of what was bought; what goes on are its statuses, its history, what was sent, and confirmed changes. */
export interface Order extends Statuses {
  id: string;
  number: string;
  cartId: string;
  customerId: string | null;
  /** SHA-256 of the cart's token, which goes on opening the order. */
  tokenHash: Buffer | null;
  currency: string;
  email: string;
  /** Null, like the three below, when nothing of it is sent. */
  shippingAddress: Address | null;
  billingAddress: Address | null;
  shippingOptionId: string | null;
  shippingTitle: string | null;
  shippingChosenBy: string | null;
  /** Null, too, of orders that are older than it. */
  shippingDetails: ShippingDetails | null;
  /** Words that go into the parcel; null: none, or erased. */
  giftMessage: string | null;
  pricesIncludeTax: boolean;
  taxZone: string;
  /** How it was taxed and why; null of orders from before there was a choice. */
  taxation: Taxation | null;
  subtotal: bigint;
  discount: bigint;
  shipping: bigint;
  tax: bigint;
  /** What it costs as it stands. */
  total: bigint;
  /** What changes of it have given back: it should have taken `total` and this. */
  givenBack: bigint;
  /** What of that was paid for changes that came to nothing: nothing of its goods was refunded by it. */
  withdrawn: bigint;
  /** Staff keep it from being sent. */
  heldAt: Date | null;
  holdReason: string | null;
  tags: string[];
  /** Unpaid until then, it gives its stock back. */
  expiresAt: Date;
  placedAt: Date | null;
  createdAt: Date;
  version: number;
  lines: OrderLine[];
  taxLines: OrderTaxLine[];
  /** What promotions took off; their sum is `discount`. */
  discounts: OrderDiscount[];
  history: OrderHistoryEntry[];
  fulfilments: Fulfilment[];
}

/** Whether anything of it is held and sent from the stock. */
export const takesStock = ({ lines }: { lines: readonly OrderLine[] }): boolean =>
  lines.some(({ stockTracked, components }) =>
    components ? components.some((part) => part.stockTracked) : stockTracked,
  );

/** Pieces of a line that may be sent now: those that wait for the payment of a change do not go, and those in a fulfilment do already. */
export const leftToSend = ({ quantity, fulfilled, planned, awaiting }: OrderLine): number =>
  Math.max(quantity - fulfilled - planned - awaiting, 0);

/** What of that was paid for changes that came to nothing. */
export const withdrawnOf = ({ withdrawn, currency }: Pick<Order, 'withdrawn' | 'currency'>): Money =>
  Money.of(withdrawn, currency);

/** What should have come in for it by now: what it costs, and what went back by its changes. */
export const owedOf = (order: Order): Money => Money.of(order.total + order.givenBack, order.currency);

/** The event of its history that says that a refund was refused. */
export const REFUND_FAILED = 'refund_failed';

export const totalOf = (order: Order): Money => Money.of(order.total, order.currency);

/** Whether it holds anything of promotions. What is given away may be worth nothing. */
export const usesPromotions = ({ discounts, lines }: Order): boolean =>
  discounts.length > 0 || lines.some(({ givenBy, canceled }) => givenBy !== null || canceled > 0);

/**
 * Pieces of each variant that the buyer has bought and was not given the money back for: what limits of customers count. A
 * replacement stands for the piece that it replaces, and what a promotion gives was not bought.
 */
export const boughtPieces = ({ lines }: Pick<Order, 'lines'>): { variantId: string; quantity: number }[] =>
  quantitiesOf(
    lines
      .filter(({ givenBy }) => givenBy === null)
      .map(({ variantId, quantity, returned, refunded, replaced }) => ({
        variantId,
        quantity: quantity - returned - refunded - replaced,
      })),
  ).filter(({ quantity }) => quantity > 0);

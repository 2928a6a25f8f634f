import type { Address } from '../../platform/address/address.js';
import type { MoneyJson } from '../../platform/money/money.js';

/** `pro_forma`: a draft, shown without a legal number. */
export type DocumentKind = 'invoice' | 'credit_note' | 'pro_forma';

/**
 * The categories of EN 16931 (UNTDID 5305): S standard or reduced rate, Z zero rate, E exempt, AE reverse charge, K supply within
 * the Union, G export, O not subject to VAT.
 */
export const TAX_CATEGORIES = ['S', 'Z', 'E', 'AE', 'K', 'G', 'O'] as const;
export type InvoiceTaxCategory = (typeof TAX_CATEGORIES)[number];

/**
 * What a line is to the books. `deferred`: days of a subscription, which are earned when they are over; `subscription`: what of one is
 * earned at once, such as a set-up; `voucher`: a gift card, which is money of the buyer until it is spent.
 */
export type Revenue = 'sales' | 'shipping' | 'subscription' | 'deferred' | 'voucher';

/** Local dates, the last day included. */
export interface Period {
  readonly start: string;
  readonly end: string;
}

/** The tax of one rate on one line, or on all that a document charges at it. */
export interface InvoiceTax {
  readonly category: InvoiceTaxCategory;
  /** Millionths: 19 % is 190000. */
  readonly ratePpm: number;
  readonly title: string;
  /** Who levies it: the country (`DE`), or the part of it where several levy (`US-CA`). */
  readonly jurisdiction: string;
  readonly base: MoneyJson;
  readonly amount: MoneyJson;
  /** Why no tax is charged, as the law wants it printed; null where tax is charged, or the rate is zero. */
  readonly reason: string | null;
}

/** `net + tax = total`; where prices are net `price - discount = net`, else `price - discount = total`. */
export interface InvoiceLine {
  /** Unique in its document; in a credit note that of the line of the invoice that is credited. */
  readonly id: string;
  readonly title: string;
  readonly sku: string | null;
  /** A decimal number, such as `2` or `1.5`. */
  readonly quantity: string;
  /** UNECE Recommendation 20: `C62` for pieces, `MON` for months. */
  readonly unit: string;
  /** Of one unit, as shown to this buyer: with the tax inside when `pricesIncludeTax`. */
  readonly unitPrice: MoneyJson;
  /** Unit price times quantity; the line is the truth, where a price of a piece had to be rounded. */
  readonly price: MoneyJson;
  /** What was taken off, shares of discounts on the whole order included: a document has no allowance of its own. */
  readonly discount: MoneyJson;
  readonly net: MoneyJson;
  readonly tax: MoneyJson;
  readonly total: MoneyJson;
  readonly category: InvoiceTaxCategory;
  /** Of all its taxes together. */
  readonly ratePpm: number;
  /** At least one, which may be of nothing; several only where several levy. */
  readonly taxes: readonly InvoiceTax[];
  readonly revenue: Revenue;
  readonly period: Period | null;
  /** How the amounts came to be, in words, where there is more to say than price times quantity. */
  readonly explain: string | null;
}

export interface InvoiceSeller {
  readonly name: string;
  readonly address: Pick<Address, 'line1' | 'line2' | 'city' | 'postalCode' | 'region' | 'country'>;
  readonly vatId: string | null;
  readonly taxNumber: string | null;
  /** Court and number of the trade register, as it is printed. */
  readonly register: string | null;
  readonly email: string | null;
  readonly iban: string | null;
  readonly bic: string | null;
}

/** Who buys, as frozen on the document. `email` is null once it was erased: nothing on a paper needs it. */
export interface InvoiceBuyer {
  readonly name: string;
  readonly company: string | null;
  readonly address: Address | null;
  readonly email: string | null;
  readonly vatId: string | null;
  /** What the register said of the VAT id, and the number of that consultation. */
  readonly vatCheck: {
    readonly status: string;
    readonly checkedAt: string | null;
    readonly ref: string | null;
  } | null;
}

export interface InvoiceTotals {
  readonly net: MoneyJson;
  readonly tax: MoneyJson;
  readonly gross: MoneyJson;
  /** Paid before the document was made: payments, gift cards and store credit. */
  readonly prepaid: MoneyJson;
  /** `gross - prepaid`. Of a credit note: zero, it is settled by what it says in `notes`. */
  readonly due: MoneyJson;
}

/** A document as it was made: all that its PDF and its XML are drawn from. It never changes but for an erased e-mail. */
export interface InvoiceContent {
  readonly kind: DocumentKind;
  /** Null: a draft. */
  readonly number: string | null;
  /** Local dates of the seller, ISO 8601. */
  readonly issueDate: string;
  /** Null of a credit note. */
  readonly dueDate: string | null;
  readonly deliveryDate: string | null;
  /** What is charged is a service of these days. */
  readonly period: Period | null;
  readonly currency: string;
  readonly pricesIncludeTax: boolean;
  readonly seller: InvoiceSeller;
  readonly buyer: InvoiceBuyer;
  /** Null: nothing is sent, or it goes to the buyer. */
  readonly shipTo: Address | null;
  readonly orderNumber: string | null;
  readonly lines: readonly InvoiceLine[];
  /** One for each category, rate and levying body; `amount` is the sum of the lines' to the cent. */
  readonly taxes: readonly InvoiceTax[];
  readonly totals: InvoiceTotals;
  /** Its money is fetched from a method that the buyer keeps: nobody is asked to send it. */
  readonly charged: boolean;
  /** The invoice that a credit note is about. */
  readonly references: { readonly number: string; readonly issueDate: string } | null;
  /** What the law or the seller wants printed. */
  readonly notes: readonly string[];
}

/** A line as whoever asks for the invoice has it. `computedLines` (invoice-arithmetic.ts) makes the amounts of prices and rates. */
export type InvoiceDraftLine = InvoiceLine;

/** What an invoice is asked for with. All amounts are final: nothing is priced or taxed again. */
export interface InvoiceDraft {
  readonly kind: 'invoice';
  readonly subject:
    | { readonly orderId: string; readonly orderNumber: string }
    | { readonly subscriptionId: string; readonly periodStart: string };
  readonly customerId: string | null;
  /** Frozen. */
  readonly buyer: InvoiceBuyer;
  readonly shipTo: Address | null;
  readonly currency: string;
  readonly pricesIncludeTax: boolean;
  readonly lines: readonly InvoiceDraftLine[];
  readonly deliveryDate: string | null;
  readonly period: Period | null;
  /** Null: as the seller has it. */
  readonly dueInDays: number | null;
  /** Its money is fetched from a method that the buyer keeps. */
  readonly charged: boolean;
  /** What the law wants printed for how it is taxed; null: nothing. */
  readonly taxNote: string | null;
}

/** `draft`: the seller's profile is not complete, and the invoice waits for that without a number. */
export const INVOICE_STATES = ['draft', 'open', 'paid', 'void', 'uncollectible'] as const;
export type InvoiceState = (typeof INVOICE_STATES)[number];

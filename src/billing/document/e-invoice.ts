import type { Invoice } from '@e-invoice-eu/core';
import { exponentOf } from '../../platform/money/currencies.js';
import { Money, type MoneyJson } from '../../platform/money/money.js';
import { decimal } from '../invoice/invoice-arithmetic.js';
import type { InvoiceContent, InvoiceLine, InvoiceTaxCategory } from '../invoice/invoice-content.js';
import { printable } from './printable.js';

export type Syntax = 'ubl' | 'cii';

type Node = Record<string, unknown>;

const MILLION = 1_000_000n;
const VAT = { 'cac:TaxScheme': { 'cbc:ID': 'VAT' } };

const CHARGED = 'Charged to the payment method that is kept';

/** UNTDID 1001. */
const TYPE = { invoice: '380', credit_note: '381', pro_forma: '325' };

/** The reasons that have a code (VATEX); that of an exemption is its text. */
const REASON_CODES: Partial<Record<InvoiceTaxCategory, string>> = {
  AE: 'VATEX-EU-AE',
  K: 'VATEX-EU-IC',
  G: 'VATEX-EU-G',
  O: 'VATEX-EU-O',
};

/** What of a document is taxed alike: one row of the VAT breakdown (BG-23). */
export interface Breakdown {
  readonly category: InvoiceTaxCategory;
  readonly ratePpm: number;
  readonly base: Money;
  readonly tax: Money;
  readonly reasons: readonly string[];
}

/**
 * A document in the terms of EN 16931, as the library takes it: the semantic model in the names of UBL, from which it writes UBL and
 * CII. `eInvoiceFaults` says what cannot be said so; ask it before.
 */
export function eInvoiceOf(content: InvoiceContent, syntax: Syntax): Invoice {
  const { kind, number, issueDate, dueDate, currency, lines, notes, orderNumber, period, references } =
    content;
  const { net, tax, gross, prepaid, due } = content.totals;
  const rows = breakdownOf(lines, currency);
  // Where nothing is subject to VAT, nobody is named by his VAT id (BR-O-02).
  const isOutside = rows.some(({ category }) => category === 'O');
  const document = {
    'cbc:CustomizationID': 'urn:cen.eu:en16931:2017',
    'cbc:ID': printable(number ?? ''),
    'cbc:IssueDate': issueDate,
    // UBL has no day for a credit note to be paid by.
    ...(dueDate === null || kind === 'credit_note' ? {} : { 'cbc:DueDate': dueDate }),
    'cbc:InvoiceTypeCode': TYPE[kind],
    ...noteOf(notes),
    'cbc:DocumentCurrencyCode': currency,
    ...(period === null
      ? {}
      : { 'cac:InvoicePeriod': { 'cbc:StartDate': period.start, 'cbc:EndDate': period.end } }),
    // UBL wants the number of the buyer beside that of the seller, and `NA` where there is none.
    ...(orderNumber === null
      ? {}
      : {
          'cac:OrderReference': {
            ...(syntax === 'ubl' ? { 'cbc:ID': 'NA' } : {}),
            'cbc:SalesOrderID': printable(orderNumber),
          },
        }),
    ...(references === null
      ? {}
      : {
          'cac:BillingReference': [
            {
              'cac:InvoiceDocumentReference': {
                'cbc:ID': printable(references.number),
                'cbc:IssueDate': references.issueDate,
              },
            },
          ],
        }),
    'cac:AccountingSupplierParty': { 'cac:Party': sellerParty(content, isOutside) },
    'cac:AccountingCustomerParty': { 'cac:Party': buyerParty(content, isOutside) },
    ...delivery(content),
    ...paymentMeans(content),
    'cac:TaxTotal': [
      { ...amount('cbc:TaxAmount', tax), 'cac:TaxSubtotal': rows.map((row) => subtotal(row)) },
    ],
    'cac:LegalMonetaryTotal': {
      ...amount('cbc:LineExtensionAmount', net),
      ...amount('cbc:TaxExclusiveAmount', net),
      ...amount('cbc:TaxInclusiveAmount', gross),
      ...(prepaid.amount === 0 ? {} : amount('cbc:PrepaidAmount', prepaid)),
      ...amount('cbc:PayableAmount', due),
    },
    'cac:InvoiceLine': lines.map((line, index) => lineOf(line, index, content)),
  };
  return { 'ubl:Invoice': document } as unknown as Invoice;
}

/** The lines added up by category and rate; a line of several levies has their rates together. */
export function breakdownOf(lines: readonly InvoiceLine[], currency: string): Breakdown[] {
  const rows = new Map<string, Breakdown>();
  for (const { category, ratePpm, net, tax, taxes } of lines) {
    const key = `${category} ${ratePpm}`;
    const zero = Money.zero(currency);
    const { base, tax: before, reasons } = rows.get(key) ?? { base: zero, tax: zero, reasons: [] };
    const said = taxes.flatMap(({ reason }) => (reason === null ? [] : [printable(reason)])).filter(Boolean);
    rows.set(key, {
      category,
      ratePpm,
      base: base.plus(Money.fromJSON(net)),
      tax: before.plus(Money.fromJSON(tax)),
      reasons: [...new Set([...reasons, ...said])],
    });
  }
  return [...rows.values()];
}

function subtotal({ category, ratePpm, base, tax, reasons }: Breakdown): Node {
  const code = REASON_CODES[category];
  const isCharged = category === 'S' || category === 'Z';
  return {
    ...amount('cbc:TaxableAmount', base.toJSON()),
    ...amount('cbc:TaxAmount', tax.toJSON()),
    'cac:TaxCategory': {
      'cbc:ID': category,
      ...percent(category, ratePpm),
      ...(code === undefined ? {} : { 'cbc:TaxExemptionReasonCode': code }),
      ...(isCharged || reasons.length === 0 ? {} : { 'cbc:TaxExemptionReason': reasons.join('; ') }),
      ...VAT,
    },
  };
}

function lineOf(line: InvoiceLine, index: number, { pricesIncludeTax }: InvoiceContent): Node {
  const { title, sku, unit, net, category, ratePpm, period, taxes } = line;
  const { quantity, price, baseQuantity, allowance } = netPrice(line, pricesIncludeTax);
  const isCharge = allowance.isNegative();
  return {
    'cbc:ID': String(index + 1),
    'cbc:InvoicedQuantity': quantity,
    'cbc:InvoicedQuantity@unitCode': unit,
    ...amount('cbc:LineExtensionAmount', net),
    ...(period === null
      ? {}
      : { 'cac:InvoicePeriod': { 'cbc:StartDate': period.start, 'cbc:EndDate': period.end } }),
    ...(allowance.isZero()
      ? {}
      : {
          'cac:AllowanceCharge': [
            {
              'cbc:ChargeIndicator': String(isCharge),
              ...(isCharge ? {} : { 'cbc:AllowanceChargeReasonCode': '95' }),
              'cbc:AllowanceChargeReason': isCharge ? 'Surcharge' : 'Discount',
              ...amount('cbc:Amount', (isCharge ? allowance.negated() : allowance).toJSON()),
            },
          ],
        }),
    'cac:Item': {
      'cbc:Name': printable(title) || printable(sku ?? '') || taxes[0]?.title || '-',
      ...(printable(sku ?? '') === ''
        ? {}
        : { 'cac:SellersItemIdentification': { 'cbc:ID': printable(sku ?? '') } }),
      'cac:ClassifiedTaxCategory': { 'cbc:ID': category, ...percent(category, ratePpm), ...VAT },
    },
    'cac:Price': {
      ...amount('cbc:PriceAmount', price.toJSON()),
      ...(baseQuantity === null
        ? {}
        : { 'cbc:BaseQuantity': baseQuantity, 'cbc:BaseQuantity@unitCode': unit }),
    },
  };
}

/**
 * The price without tax. The net of one piece is seldom a whole cent where prices include the tax: then it is the price of all
 * pieces together (BT-149), and the line is exact. A price is never below zero (BR-27): the quantity is.
 */
function netPrice(
  { quantity, unitPrice, price, discount, net, ratePpm }: InvoiceLine,
  pricesIncludeTax: boolean,
): { quantity: string; price: Money; baseQuantity: string | null; allowance: Money } {
  const off = Money.fromJSON(discount);
  const { numerator, denominator } = decimal(quantity);
  const piece = Money.fromJSON(unitPrice);
  if (!pricesIncludeTax && !piece.isNegative() && numerator !== 0n) {
    const isExact = piece.amount * numerator === BigInt(price.amount) * denominator;
    if (isExact) return { quantity, price: piece, baseQuantity: null, allowance: off };
  }
  const allowance = pricesIncludeTax ? off.timesRatio(MILLION, MILLION + BigInt(ratePpm)) : off;
  const whole = Money.fromJSON(net).plus(allowance);
  const pieces = numerator === 0n ? '1' : quantity.replace('-', '');
  return {
    quantity: whole.isNegative() ? `-${pieces}` : pieces,
    price: whole.isNegative() ? whole.negated() : whole,
    baseQuantity: numerator === denominator || numerator === -denominator || numerator === 0n ? null : pieces,
    allowance,
  };
}

/** Percent of up to four digits behind the point: millionths have no more. What is not subject to VAT has no rate at all. */
function percent(category: InvoiceTaxCategory, ratePpm: number): Node {
  if (category === 'O') return {};
  const digits = String(ratePpm).padStart(5, '0');
  return { 'cbc:Percent': `${digits.slice(0, -4)}.${digits.slice(-4)}`.replace(/\.?0+$/, '') };
}

function sellerParty({ seller }: InvoiceContent, isOutside: boolean): Node {
  const { name, address, vatId, taxNumber, register, email } = seller;
  const schemes = [
    ...(vatId === null || isOutside ? [] : [{ 'cbc:CompanyID': printable(vatId), ...VAT }]),
    ...(taxNumber === null
      ? []
      : [{ 'cbc:CompanyID': printable(taxNumber), 'cac:TaxScheme': { 'cbc:ID': 'TAX' } }]),
  ];
  // Whoever has no VAT id is known by his register, or by whatever number he has (BR-CO-26).
  const needsId = (vatId === null || isOutside) && register === null;
  return {
    ...endpoint(email),
    ...(needsId && taxNumber !== null
      ? { 'cac:PartyIdentification': [{ 'cbc:ID': printable(taxNumber) }] }
      : {}),
    'cac:PostalAddress': postal(address),
    ...list('cac:PartyTaxScheme', schemes),
    'cac:PartyLegalEntity': {
      'cbc:RegistrationName': printable(name),
      ...(register === null ? {} : { 'cbc:CompanyID': printable(register) }),
    },
    ...(email === null ? {} : { 'cac:Contact': { 'cbc:ElectronicMail': printable(email) } }),
  };
}

function buyerParty({ buyer }: InvoiceContent, isOutside: boolean): Node {
  const { name, company, address, email, vatId } = buyer;
  const person = printable(name);
  return {
    ...endpoint(email),
    'cac:PostalAddress': postal(address),
    ...(vatId === null || isOutside
      ? {}
      : { 'cac:PartyTaxScheme': { 'cbc:CompanyID': printable(vatId), ...VAT } }),
    'cac:PartyLegalEntity': { 'cbc:RegistrationName': printable(company ?? '') || person || '-' },
    ...(printable(company ?? '') === '' || person === '' ? {} : { 'cac:Contact': { 'cbc:Name': person } }),
  };
}

const endpoint = (email: string | null): Node =>
  email === null ? {} : { 'cbc:EndpointID': printable(email), 'cbc:EndpointID@schemeID': 'EM' };

type Place = InvoiceContent['seller']['address'];

function postal(address: Place | null): Node {
  const {
    line1 = '',
    line2 = null,
    city = '',
    postalCode = null,
    region = null,
    country = '',
  } = address ?? {};
  return {
    ...part('cbc:StreetName', line1),
    ...part('cbc:AdditionalStreetName', line2),
    ...part('cbc:CityName', city),
    ...part('cbc:PostalZone', postalCode),
    ...part('cbc:CountrySubentity', region),
    // The code list of EN 16931 has its own code for Kosovo.
    'cac:Country': { 'cbc:IdentificationCode': country === 'XK' ? '1A' : country },
  };
}

function delivery({ shipTo, buyer, deliveryDate, lines }: InvoiceContent): Node {
  const isWithinUnion = lines.some(({ category }) => category === 'K');
  const to = shipTo ?? (isWithinUnion ? buyer.address : null);
  if (to === null && deliveryDate === null) return {};
  const name = to === null ? '' : printable(to.company ?? `${to.firstName} ${to.lastName}`);
  return {
    'cac:Delivery': {
      ...(deliveryDate === null ? {} : { 'cbc:ActualDeliveryDate': deliveryDate }),
      ...(to === null ? {} : { 'cac:DeliveryLocation': { 'cac:Address': postal(to) } }),
      ...(name === '' ? {} : { 'cac:DeliveryParty': { 'cac:PartyName': { 'cbc:Name': name } } }),
    },
  };
}

/**
 * UNTDID 4461: a card that is kept, a transfer of SEPA, or any other. What is paid is not asked for again, and what is charged is asked
 * for by no transfer. Which card it will be is known when it is charged (BG-18 is left out).
 */
function paymentMeans({ kind, number, currency, totals, seller, charged }: InvoiceContent): Node {
  if (kind === 'credit_note' || totals.due.amount <= 0) return {};
  if (charged)
    return {
      'cac:PaymentMeans': [{ 'cbc:PaymentMeansCode': '48', 'cbc:PaymentMeansCode@name': CHARGED }],
    };
  if (seller.iban === null) return {};
  return {
    'cac:PaymentMeans': [
      {
        'cbc:PaymentMeansCode': currency === 'EUR' ? '58' : '30',
        'cbc:PaymentID': printable(number ?? ''),
        'cac:PayeeFinancialAccount': {
          'cbc:ID': seller.iban,
          'cbc:Name': printable(seller.name),
          ...(seller.bic === null ? {} : { 'cac:FinancialInstitutionBranch': { 'cbc:ID': seller.bic } }),
        },
      },
    ],
  };
}

/** An amount in units; EN 16931 knows no third digit behind the point, so what has one must be a zero. */
function amount(name: string, { amount: minor, currency }: MoneyJson): Node {
  const exponent = exponentOf(currency);
  const [units = '0'] = Money.of(minor, currency).toString().split(' ');
  return { [name]: exponent > 2 ? units.slice(0, 2 - exponent) : units, [`${name}@currencyID`]: currency };
}

/** One note: CII as the library writes it has no room for a second. */
function noteOf(notes: readonly string[]): Node {
  const said = notes.map(printable).filter(Boolean).join('\n');
  return said === '' ? {} : { 'cbc:Note': [said] };
}

const part = (name: string, value: string | null): Node =>
  value === null || printable(value) === '' ? {} : { [name]: printable(value) };
const list = (name: string, items: readonly unknown[]): Node => (items.length === 0 ? {} : { [name]: items });

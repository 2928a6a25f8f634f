import { computedLines } from '../../src/billing/invoice/invoice-arithmetic.js';
import type { InvoiceDraft, InvoiceLine } from '../../src/billing/invoice/invoice-content.js';
import { newId } from '../../src/platform/ids.js';
import { Money } from '../../src/platform/money/money.js';

/** An invoice for a month of a plan, with 19 % inside, that nobody has paid. */
export function planInvoice(gross: number): InvoiceDraft {
  const line = {
    ...{ id: 'plan', title: 'Plan', sku: null, unit: 'MON', revenue: 'subscription' as const, period: null },
    ...{ quantity: '1', unitPrice: Money.of(gross, 'EUR'), discount: Money.zero('EUR'), explain: null },
    ...{ category: 'S' as const, ratePpm: 190_000, taxTitle: 'VAT', jurisdiction: 'DE', reason: null },
  };
  const terms = { currency: 'EUR', pricesIncludeTax: true };
  return {
    kind: 'invoice',
    subject: { subscriptionId: newId(), periodStart: '2026-11-01' },
    customerId: null,
    buyer: { name: 'Grace', company: null, address: null, email: null, vatId: null, vatCheck: null },
    shipTo: null,
    ...terms,
    lines: computedLines([line], terms).map(
      ({ taxTitle: _, jurisdiction: __, reason: ___, ...rest }): InvoiceLine => rest,
    ),
    deliveryDate: null,
    period: null,
    dueInDays: 14,
    charged: false,
    taxNote: null,
  };
}

/** An order that makes somebody a customer. */
export interface CustomerOrder {
  customer: string;
  currency: string;
  placedAt: Date;
  total: bigint;
}

/** Customers of one currency and one month of first order, in one month. */
export interface CohortRow {
  currency: string;
  /** First days of months of UTC. */
  cohort: string;
  month: string;
  customers: bigint;
  /** Whose second order it was. */
  repeaters: bigint;
  orders: bigint;
  total: bigint;
}

const COUNTS = ['customers', 'repeaters', 'orders', 'total'] as const;
const monthOf = (at: Date): string => `${at.toISOString().slice(0, 7)}-01`;

/** What these orders add to the cohorts; all orders of each customer have to be among them. */
export function cohortsOf(orders: readonly CustomerOrder[]): CohortRow[] {
  const customers = new Map<string, CustomerOrder[]>();
  for (const one of orders) {
    const own = customers.get(nameOf(one));
    if (own) own.push(one);
    else customers.set(nameOf(one), [one]);
  }
  const rows: CohortRow[] = [];
  for (const own of customers.values()) {
    const inOrder = [...own].sort((a, b) => a.placedAt.getTime() - b.placedAt.getTime());
    const [first] = inOrder;
    if (!first) continue;
    const seen = new Set<string>();
    inOrder.forEach((one, index) => {
      const month = monthOf(one.placedAt);
      rows.push({
        currency: one.currency,
        cohort: monthOf(first.placedAt),
        month,
        customers: seen.has(month) ? 0n : 1n,
        repeaters: index === 1 ? 1n : 0n,
        orders: 1n,
        total: one.total,
      });
      seen.add(month);
    });
  }
  return summed(rows);
}

/** What has to be added so that `before` becomes `after`. */
export function cohortDifference(before: readonly CohortRow[], after: readonly CohortRow[]): CohortRow[] {
  const taken = before.map((row) => ({
    ...row,
    customers: -row.customers,
    repeaters: -row.repeaters,
    orders: -row.orders,
    total: -row.total,
  }));
  return summed([...taken, ...after]);
}

function summed(rows: readonly CohortRow[]): CohortRow[] {
  const sums = new Map<string, CohortRow>();
  for (const row of rows) {
    const name = `${row.currency} ${row.cohort} ${row.month}`;
    const sum = sums.get(name) ?? { ...row, customers: 0n, repeaters: 0n, orders: 0n, total: 0n };
    for (const count of COUNTS) sum[count] += row[count];
    sums.set(name, sum);
  }
  return [...sums.values()].filter((row) => COUNTS.some((count) => row[count] !== 0n));
}

/** Who has ordered in two currencies is a customer of each. */
const nameOf = ({ customer, currency }: CustomerOrder): string => `${currency} ${customer}`;

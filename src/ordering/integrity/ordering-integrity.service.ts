import { BillingApi, type PaymentView } from '../../billing/billing.api.js';
import { CatalogApi } from '../../catalog/catalog.api.js';
import { Clock } from '../../platform/clock.js';
import {
  type Difference,
  differenceOf,
  type IntegrityCheck,
  type IntegrityCheckProvider,
  IntegrityChecks,
} from '../../platform/integrity/integrity.js';
import { ENGINE, recompute } from '../calculation/calculation.js';
import {
  type CalculatedOrder,
  OrderIntegrityRepository,
  type OrderSum,
  type OrderTable,
  type StandingOrder,
} from './integrity.repository.js';
import { giftCardDifference, goodsDifference, moneyDifference, statusDifference } from './standing.js';

const QUIET_MS = 10 * 60_000;

/** What ordering promises about orders and promotions; money and goods it asks billing and the catalog about, page by page. */
@IntegrityChecks()
export class OrderingIntegrity implements IntegrityCheckProvider {
  readonly name = 'ordering';
  readonly checks: readonly IntegrityCheck[];

  constructor(
    private readonly rows: OrderIntegrityRepository,
    private readonly billing: BillingApi,
    private readonly catalog: CatalogApi,
    private readonly clock: Clock,
  ) {
    const check = (
      [code, subjectType, table]: readonly [string, string, OrderTable],
      promise: string,
      look: IntegrityCheck['look'],
    ): IntegrityCheck => ({
      ...{ code: `ordering.${code}`, subjectType, promise, look },
      subjects: (after, limit) => rows.subjects(table, after, limit),
    });
    const sum = (of: OrderSum) => (ids: readonly string[]) => rows.look(of, ids);
    this.checks = [
      check(
        ['order_totals', 'order', 'orders'],
        'The totals of an order are the sum of its lines, its shipping and its taxes.',
        sum('totals'),
      ),
      check(
        ['order_calculation', 'order', 'orders'],
        'An order calculated again comes to the same cents, and with the differences of its changes to its total.',
        (ids) => this.calculations(ids),
      ),
      check(
        ['order_statuses', 'order', 'orders'],
        'The statuses of an order are what its payments and its lines say.',
        (ids) => this.withPayments(ids, statusDifference),
      ),
      check(
        ['order_money', 'order', 'orders'],
        'What came in for an order is what it was to take, and no more of it stays than the order costs.',
        (ids) => this.withPayments(ids, moneyDifference),
      ),
      check(
        ['order_goods', 'order', 'orders'],
        'What the stock has promised to an order is what of it has not left.',
        (ids) => this.goods(ids),
      ),
      check(
        ['order_gift_cards', 'order', 'orders'],
        'Each piece of a gift card that is paid for is a card.',
        (ids) => this.giftCards(ids),
      ),
      check(
        ['line_pieces', 'order_line', 'order_lines'],
        'Pieces of a line are planned, sent, delivered and back as fulfilments, returns and changes say, within what was ordered.',
        sum('pieces'),
      ),
      check(
        ['promotion_uses', 'promotion', 'promotions'],
        'The counted uses of a promotion are its redemptions.',
        sum('promotions'),
      ),
      check(
        ['code_uses', 'promotion_code', 'promotion_codes'],
        'The counted uses of a code are its redemptions.',
        sum('codes'),
      ),
    ];
  }

  private async calculations(ids: readonly string[]): Promise<Difference[]> {
    return (await this.rows.calculated(ids)).flatMap((order) => calculationDifference(order) ?? []);
  }

  private async withPayments(
    ids: readonly string[],
    judge: (
      order: StandingOrder,
      payments: readonly PaymentView[],
      stranded: ReadonlySet<string>,
    ) => Difference | null,
  ): Promise<Difference[]> {
    const [orders, payments, stranded] = await Promise.all([
      this.rows.standing(ids),
      this.billing.paymentsOf([...ids]),
      this.billing.strandedOf(ids),
    ]);
    const ofOrder = grouped(payments, ({ orderId }) => orderId ?? '');
    return orders.flatMap((order) => judge(order, ofOrder.get(order.id) ?? [], stranded) ?? []);
  }

  /** They are issued by a job, so nothing is said of an order to which something has happened just now. */
  private async giftCards(ids: readonly string[]): Promise<Difference[]> {
    const quiet = this.clock.now().getTime() - QUIET_MS;
    const [all, payments, cards] = await Promise.all([
      this.rows.standing(ids),
      this.billing.paymentsOf([...ids]),
      this.billing.giftCardsOf(ids),
    ]);
    const ofOrder = grouped(payments, ({ orderId }) => orderId ?? '');
    const ofLine = new Map(cards.map((one) => [one.lineId, one.cards]));
    return all
      .filter(({ lastAt }) => lastAt.getTime() <= quiet)
      .flatMap((order) => giftCardDifference(order, ofOrder.get(order.id) ?? [], ofLine) ?? []);
  }

  private async goods(ids: readonly string[]): Promise<Difference[]> {
    const orders = await this.rows.standing(ids);
    const references = orders.flatMap(({ id, awaitingChange }) => [id, awaitingChange ?? []].flat());
    const sources = grouped(await this.catalog.sourcesOf(references), ({ reference }) => reference);
    return orders.flatMap((order) => {
      const of = (reference: string | null) => (reference === null ? [] : (sources.get(reference) ?? []));
      return goodsDifference(order, [...of(order.id), ...of(order.awaitingChange)]) ?? [];
    });
  }
}

/** A canceled order keeps its total, whatever was taken off it at the end. */
function calculationDifference({
  id,
  status,
  total,
  calculation,
  changes,
}: CalculatedOrder): Difference | null {
  if (calculation.engine !== ENGINE) return null;
  const { result } = calculation;
  const { totals, matches } = recompute(calculation);
  const again = totals.total.amount;
  const after = status === 'canceled' ? BigInt(total) : again + BigInt(changes);
  return differenceOf(id, {
    calculated: [
      `${again}`,
      matches || again.toString() !== result.total ? result.total : `${again} otherwise`,
    ],
    total: [after, BigInt(total)],
  });
}

function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}

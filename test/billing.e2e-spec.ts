import { createHash, randomUUID } from 'node:crypto';
import { BillingApi, type PaymentView } from '../src/billing/billing.api.js';
import { Money } from '../src/platform/money/money.js';
import { startApp, type TestApp } from './support/app.js';

const EUR = (amount: number) => Money.of(amount, 'EUR');
const buyer = { email: 'ada@example.test', name: 'Ada', billingAddress: null };
const hashOf = (token: string) => createHash('sha256').update(token).digest();

describe('billing', () => {
  let app: TestApp;
  let billing: BillingApi;

  beforeAll(async () => {
    app = await startApp({ GATEWAY_TIMEOUT_MS: '400' });
    billing = app.app.get(BillingApi, { strict: false });
  });
  afterAll(() => app?.close());

  interface Paid {
    orderId: string;
    paymentId: string;
    operationId: string;
    view: PaymentView;
  }

  /** What checkout does: open and commit, ask the gateway, take in the outcome. */
  async function pay(
    token: string,
    options: { orderId?: string; amount?: Money; cartToken?: string } = {},
  ): Promise<Paid> {
    const { orderId = randomUUID(), amount = EUR(100), cartToken } = options;
    const opened = await app.database.transaction(() =>
      billing.openPayment({
        orderId,
        amount,
        gateway: 'test',
        token,
        buyer,
        accessHash: cartToken === undefined ? null : hashOf(cartToken),
      }),
    );
    const outcome = await billing.authorize(opened.operationId);
    const view = await app.database.transaction(() => billing.settle(opened.operationId, outcome));
    return { orderId, ...opened, view };
  }

  const present = async (paymentId: string) => (await billing.payment(paymentId)) as PaymentView;

  async function ledgerSum(): Promise<string> {
    const rows = await app.database.query<{ total: string }>(
      'SELECT coalesce(sum(amount), 0) AS total FROM billing.ledger_entries GROUP BY currency',
    );
    return rows.every(({ total }) => total === '0') ? 'balanced' : 'unbalanced';
  }

  describe('each token', () => {
    it.each([
      ['ok', 'captured', null],
      ['decline_generic', 'requires_payment_method', 'generic_decline'],
      ['insufficient_funds', 'requires_payment_method', 'insufficient_funds'],
      ['expired', 'requires_payment_method', 'expired_card'],
      ['lost', 'requires_payment_method', 'lost_card'],
      ['processing_error', 'requires_payment_method', 'processing_error'],
      ['nobody_knows_this', 'requires_payment_method', 'invalid_payment_method'],
      ['sca_required', 'requires_action', null],
      ['amount_mismatch', 'requires_review', null],
      ['currency_switch', 'requires_review', null],
      ['timeout_before', 'processing', null],
      ['timeout_after+drop', 'processing', null],
      ['http_500_before', 'processing', null],
      ['http_500_after+drop', 'processing', null],
      ['reset_after+drop', 'processing', null],
      ['async_ok:60000', 'processing', null],
    ])('%s makes it %s', async (token, status, declineCode) => {
      const { view } = await pay(token);
      expect(view).toMatchObject({ status, declineCode });
      expect(await ledgerSum()).toBe('balanced');
    });
  });
});

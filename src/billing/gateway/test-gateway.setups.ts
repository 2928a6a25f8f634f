import { meaningOf } from './declines.js';
import { type Book, newRef } from './test-gateway.book.js';
import { cardOf, keptBy } from './test-gateway.cards.js';
import type { Customer, Method, Setup } from './test-gateway.journal.js';
import { type Keyed, Refused } from './test-gateway.rules.js';
import { DECLINES, behaviourOf } from './test-gateway.tokens.js';

/** Customers and the methods that they let the gateway keep. */
export class SetupRules {
  constructor(
    private readonly book: Book,
    private readonly publicUrl: () => string,
  ) {}

  async addCustomer(account: string, customerId: string, answer: Keyed): Promise<Customer> {
    const customer = { ref: newRef('cus'), account, customerId };
    await this.book.keep('customer.created', { customer, answer: { ...answer, status: 200 } });
    return customer;
  }

  async setUp(
    request: Pick<Setup, 'account' | 'operationId' | 'customerRef' | 'token' | 'returnUrl'>,
    answer: Keyed,
    mustAsk = false,
  ): Promise<Setup> {
    const { account, token, customerRef } = request;
    const { name } = behaviourOf(token);
    const ref = newRef('seti');
    const code = DECLINES[name] ?? null;
    const asks = ['sca_required', 'sca_once', 'sca_fail'].includes(name);
    const challenge = code === null && (mustAsk || asks);
    const method = code === null && !challenge ? keptBy(customerRef, cardOf(account, token)) : null;
    const setup: Setup = {
      ...request,
      ref,
      status: code !== null ? 'declined' : challenge ? 'requires_action' : 'succeeded',
      code,
      methodRef: method?.ref ?? null,
      challengeUrl: challenge ? `${this.publicUrl()}/challenge/${ref}` : null,
    };
    const status = code === null ? 200 : 402;
    await this.book.keep(`setup.${setup.status}`, { setup, method, answer: { ...answer, status } });
    return setup;
  }

  /** The customer's decision on the challenge page; deciding twice changes nothing. */
  async decide(setup: Setup, approved: boolean): Promise<Setup> {
    if (setup.status !== 'requires_action') return setup;
    const { account, token, customerRef } = setup;
    const succeeds = approved && behaviourOf(token).name !== 'sca_fail';
    const method = succeeds ? keptBy(customerRef, cardOf(account, token)) : null;
    const next: Setup = {
      ...setup,
      status: succeeds ? 'succeeded' : 'declined',
      code: succeeds ? null : 'authentication_failed',
      methodRef: method?.ref ?? null,
      challengeUrl: null,
    };
    await this.book.keep(`setup.${next.status}`, { setup: next, method });
    return next;
  }

  /** A method that may be charged: of this customer, and not forgotten. */
  kept(account: string, customerRef: string, methodRef: string): Method {
    const method = this.book.method(account, methodRef);
    if (method?.customerRef !== customerRef)
      throw new Refused(402, 'invalid_payment_method', 'The customer keeps no such method.');
    return method;
  }

  async forget(method: Method): Promise<void> {
    if (method.customerRef !== null)
      await this.book.keep('method.forgotten', { method: { ...method, customerRef: null } });
  }

  /** What a client may see of a set-up. */
  view(setup: Setup) {
    const { account, token: _token, challengeUrl, methodRef, ...rest } = setup;
    const method = methodRef === null ? null : this.book.method(account, methodRef);
    const { account: _account, token: _secret, ...shown } = method ?? {};
    return {
      ...rest,
      hard: meaningOf(setup.code ?? '').hard,
      nextAction: challengeUrl === null ? null : { type: 'redirect', url: challengeUrl },
      method: method && shown,
    };
  }
}

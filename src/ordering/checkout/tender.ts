import type { PayOrder } from '../../billing/billing.api.js';
import { type Actor, personId } from '../../platform/access/actor.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import type { Order } from '../order/order.js';
import type { TenderDto } from './checkout.dto.js';

/** The codes that are paid with, and where they stand in what was sent. */
export const giftCardsOf = (given: TenderDto['giftCards']) =>
  (given ?? []).map(({ code }, index) => ({ code, pointer: `/giftCards/${index}/code` }));

/** A transfer needs none. */
function tokenOf({ gateway, token }: NonNullable<TenderDto['payment']>): string | null {
  if (token !== undefined || gateway === 'bank_transfer') return token ?? null;
  throw platformProblems.invalid_input(undefined, {
    errors: [{ pointer: '/payment/token', code: 'missing', message: 'is needed for this gateway' }],
  });
}

/** So much of an order, paid with what the payer sends; store credit is that of the customer whose order it is. */
export function tenderOf(
  order: Order,
  total: Money,
  { payment, giftCards, storeCredit }: TenderDto,
  payer: Actor,
): Omit<PayOrder, 'isNew' | 'purpose'> {
  const address = order.billingAddress ?? order.shippingAddress;
  const me = personId(payer);
  return {
    orderId: order.id,
    total,
    card: payment
      ? {
          gateway: payment.gateway,
          token: tokenOf(payment),
          returnUrl: payment.returnUrl ?? null,
          // Only for whom it is: nobody keeps a card in somebody else's account.
          saveMethod: payment.save === true && me !== null && me === order.customerId,
        }
      : null,
    giftCards: giftCardsOf(giftCards),
    storeCredit: storeCredit
      ? {
          customerId: me === order.customerId ? me : null,
          amount: storeCredit !== true && storeCredit.amount ? Money.fromJSON(storeCredit.amount) : null,
          pointer: '/storeCredit',
        }
      : null,
    buyer: {
      email: order.email,
      name: address ? `${address.firstName} ${address.lastName}` : order.email,
      billingAddress: address,
    },
    customerId: order.customerId,
    accessHash: order.tokenHash,
  };
}

import type { PayOrder } from '../../billing/billing.api.js';
import { type Actor, personId } from '../../platform/access/actor.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import type { Order } from '../order/order.js';
import type { TenderDto } from './checkout.dto.js';

/** The codes that are paid with, and where they stand in what was sent. */
export const giftCardsOf = (given: TenderDto['giftCards']) =>
  (given ?? []).map(({ code }, index) => ({ code, pointer: `/giftCards/${index}/code` }));

/** By a token or a kept method, not both; a transfer needs neither. */
function sourceOf({ gateway, token, methodId }: NonNullable<TenderDto['payment']>, isOwn: boolean) {
  const source = { token: token ?? null, methodId: methodId ?? null };
  const given = [source.token, source.methodId].filter((one) => one !== null).length;
  if (given === 0 && gateway !== 'bank_transfer')
    throw faultOf('/payment/token', 'missing', 'is needed for this gateway, or a methodId');
  if (given > 1) throw faultOf('/payment/methodId', 'not_both', 'goes without a token');
  if (source.methodId !== null && !isOwn)
    throw faultOf('/payment/methodId', 'sign_in_required', 'needs the customer of the order to be signed in');
  return source;
}

const faultOf = (pointer: string, code: string, message: string) =>
  platformProblems.invalid_input(undefined, { errors: [{ pointer, code, message }] });

/** So much of an order, paid with what the payer sends; store credit is that of the customer whose order it is. */
export function tenderOf(
  order: Order,
  total: Money,
  { payment, giftCards, storeCredit }: TenderDto,
  payer: Actor,
): Omit<PayOrder, 'isNew' | 'purpose'> {
  const address = order.billingAddress ?? order.shippingAddress;
  const me = personId(payer);
  // Only for whom it is: nobody pays with, or keeps, a card in somebody else's account.
  const isOwn = me !== null && me === order.customerId;
  return {
    orderId: order.id,
    total,
    card: payment
      ? {
          gateway: payment.gateway,
          ...sourceOf(payment, isOwn),
          pointer: '/payment',
          returnUrl: payment.returnUrl ?? null,
          saveMethod: payment.save === true && isOwn,
        }
      : null,
    giftCards: giftCardsOf(giftCards),
    storeCredit: storeCredit
      ? {
          customerId: isOwn ? me : null,
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
    screening: {
      network: currentRequest()?.caller ?? null,
      shippingCountry: order.shippingAddress?.country ?? null,
      billingCountry: address?.country ?? null,
      itemCount: order.lines.reduce((sum, { quantity }) => sum + quantity, 0),
    },
  };
}

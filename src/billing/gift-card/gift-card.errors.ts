import { defineProblems } from '../../platform/http/problem.js';

export const giftCardProblems = defineProblems('billing', {
  gift_card_used: {
    status: 409,
    title: 'A gift card of it was used',
    meaning: 'What was spent from a card is not given back for the card.',
    remedy: 'Cancel what is left on the card, and refund the rest of the order.',
  },
  gift_card_kept: {
    status: 409,
    members: {
      maximumRefundable: {
        description: 'What can be refunded at most.',
        schema: { $ref: '#/components/schemas/MoneyDto' },
        example: { amount: 1999, currency: 'EUR' },
      },
    },
    title: 'It paid for gift cards',
    meaning: 'The money of a card that can be spent, or was, cannot go back too.',
    remedy:
      'Cancel the cards first, POST /v1/admin/gift-cards/{id}/cancellation, or refund at most `maximumRefundable`.',
  },
  gift_card_ended: {
    status: 409,
    title: 'Nothing is left on the card',
    meaning: 'The card was canceled or spent before.',
    remedy: 'Read the card: its entries say when.',
  },
});

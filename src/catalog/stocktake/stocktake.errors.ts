import { defineProblems } from '../../platform/http/problem.js';

export const stocktakeProblems = defineProblems('catalog', {
  stocktake_closed: {
    status: 409,
    title: 'The stocktake is over',
    meaning: 'It is confirmed, canceled, or being confirmed at this moment.',
    remedy: 'Read it to see which; start another one to count again.',
  },
  stocktake_item: {
    status: 422,
    title: 'Something cannot be counted here',
    meaning: 'A SKU, barcode or id is unknown or not the only one, stands twice, or is outside of the scope.',
    remedy: 'Correct what `errors` points at; nothing of the request was counted.',
  },
});

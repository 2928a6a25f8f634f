import { defineProblems } from '../../platform/http/problem.js';

export const couponProblems = defineProblems('billing', {
  coupon_not_valid: {
    status: 422,
    title: 'The coupon does not hold here',
    meaning:
      'There is no such code, its time is over, it was taken as often as it may be, or it is not for this subscription, also where ' +
      'it took something off before.',
    remedy: '`errors` says which; leave the code out, or take another.',
  },
  coupon_present: {
    status: 409,
    title: 'There is a coupon already',
    meaning: 'A subscription has one coupon at a time.',
    remedy: 'Take off the one that it has, or wait until that has ended.',
  },
  coupon_late: {
    status: 409,
    title: 'The subscription is over',
    meaning: 'No further period is billed, so that there is nothing to take anything off.',
    remedy: 'Subscribe anew with the code.',
  },
});

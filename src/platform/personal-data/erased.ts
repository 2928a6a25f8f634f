import type { Address } from '../address/address.js';

/** Stands where an address was that had to go; `.invalid` is nobody's (RFC 2606), so no letter reaches anybody. */
export const ERASED_EMAIL = 'erased@erased.invalid';

/** What is left of a postal address beside country and region, which say how it was taxed. */
export const ERASED_ADDRESS: Omit<Address, 'country' | 'region'> = {
  firstName: 'Erased',
  lastName: 'Erased',
  company: null,
  line1: 'Erased',
  line2: null,
  city: 'Erased',
  postalCode: null,
  phone: null,
};

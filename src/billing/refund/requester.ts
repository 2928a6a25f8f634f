import { type Actor, personId } from '../../platform/access/actor.js';

/**
 * Who asks for a refund. What came by hand only a person can pay back, so that nothing that runs by itself may ever pass for one: a
 * job, an event, a program of the shop and a shopper are the house.
 */
export type Requester = { readonly staffId: string } | 'house';

/** Of what only staff, and programs with their rights, may ask for. */
export function requesterOf(actor: Actor): Requester {
  const staffId = personId(actor);
  return staffId === null ? 'house' : { staffId };
}

/** As it is written down: the person's id, or `system`. */
export const nameOf = (requester: Requester): string =>
  requester === 'house' ? 'system' : requester.staffId;

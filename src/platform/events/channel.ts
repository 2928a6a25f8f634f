/** Channel on which the relay tells every process which types of facts have just become known. */
export const EVENTS_CHANNEL = 'guildhall_events';

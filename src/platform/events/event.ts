import { newId } from '../ids.js';

/**
 * A fact in the past tense. It carries ids, quantities and money, never personal data or secrets, because it is
 * kept, queued and sent out. Declare it in `<module>.events.ts`:
 *
 *     export class OrderPlaced extends DomainEvent<{ orderId: string }> { static readonly type = 'ordering.order_placed' }
 */
export abstract class DomainEvent<P extends object = object> {
  /** Unique; consumers tell repeats by it. */
  readonly id: string;

  constructor(
    readonly payload: P,
    id: string = newId(),
  ) {
    this.id = id;
  }

  /** `module.past_tense`, as it stands in the outbox and in webhooks. */
  get type(): string {
    return (this.constructor as unknown as EventClass).type;
  }
}

/** The class of an event: what `@On` names. */
export interface EventClass<E extends DomainEvent = DomainEvent> {
  new (payload: never, id?: string): E;
  readonly type: string;
}

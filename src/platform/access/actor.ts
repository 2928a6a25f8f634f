/** Who acts: declared here because every module asks, filled in by identity. */
export type Actor = AnonymousActor | PersonActor | SystemActor;

export interface AnonymousActor {
  kind: 'anonymous';
}

export interface PersonActor {
  kind: 'person';
  id: string;
  sessionId: string;
  emailVerified: boolean;
  permissions: ReadonlySet<string>;
  /** Customer groups: prices and promotions may depend on them. */
  groups: readonly string[];
}

/** A job acting for the house. */
export interface SystemActor {
  kind: 'system';
  name: string;
}

export const anonymous: AnonymousActor = { kind: 'anonymous' };
export const system = (name: string): SystemActor => ({ kind: 'system', name });

export function may(actor: Actor, permission: string): boolean {
  return actor.kind === 'system' || (actor.kind === 'person' && actor.permissions.has(permission));
}

/** The id of the person who acts, or null. */
export const personId = (actor: Actor): string | null => (actor.kind === 'person' ? actor.id : null);

/** Turns an `Authorization` header into an actor, or throws `platform.unauthorized`. Identity provides it. */
export abstract class Authenticator {
  abstract authenticate(authorization: string): Promise<PersonActor>;
}

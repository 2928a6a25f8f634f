import type { ProblemFactory } from '../http/problem.js';

/** Who acts: declared here because every module asks, filled in by identity. */
export type Actor = AnonymousActor | PersonActor | MachineActor | SystemActor;

export interface AnonymousActor {
  kind: 'anonymous';
}

export interface PersonActor {
  kind: 'person';
  id: string;
  sessionId: string;
  emailVerified: boolean;
  permissions: ReadonlySet<string>;
  /** Why it may do less than its roles permit, if so: the answer when a permission is missing. */
  restriction?: ProblemFactory;
  /** Customer groups: prices and promotions may depend on them. */
  groups: readonly string[];
  proof: Proof;
  /** The member of staff who acts in this person's place, or null. */
  impersonatorId: string | null;
}

/** When a person last proved who it is, and with how much. */
export interface Proof {
  at: Date;
  /** Ways, as RFC 8176 names them: `pwd`, `otp`, `hwk`, `fed`, … */
  methods: readonly string[];
  /** 1: one factor; 2: two, or a passkey that verified its user (NIST SP 800-63B). */
  level: 1 | 2;
  /** What this person has to prove for sensitive operations: as much as it can. */
  required: 1 | 2;
}

/** A program of the shop with an API key or client credentials; never a person. */
export interface MachineActor {
  kind: 'machine';
  /** Id of the key. */
  id: string;
  permissions: ReadonlySet<string>;
}

/** A job acting for the house. */
export interface SystemActor {
  kind: 'system';
  name: string;
}

export const anonymous: AnonymousActor = { kind: 'anonymous' };
export const system = (name: string): SystemActor => ({ kind: 'system', name });

export function may(actor: Actor, permission: string): boolean {
  if (actor.kind === 'system') return true;
  return actor.kind !== 'anonymous' && actor.permissions.has(permission);
}

/** The id of the person who acts, or null. */
export const personId = (actor: Actor): string | null => (actor.kind === 'person' ? actor.id : null);

/** Customer groups of whoever asks: only people are in any. */
export const groupsOf = (actor: Actor): readonly string[] => (actor.kind === 'person' ? actor.groups : []);

/** Who it is, for a trail: the id of a person or key, the name of a job, or null. */
export function actorId(actor: Actor): string | null {
  if (actor.kind === 'anonymous') return null;
  return actor.kind === 'system' ? actor.name : actor.id;
}

/** Turns an `Authorization` header into an actor, or throws `platform.unauthorized`. Identity provides it. */
export abstract class Authenticator {
  abstract authenticate(authorization: string, ip: string): Promise<PersonActor | MachineActor>;

  /** Counts a request of a machine, or throws 429 when it has had its share; `announce` is told what is left, either way. */
  abstract admit(machine: MachineActor, announce: (headers: Record<string, string>) => void): Promise<void>;
}

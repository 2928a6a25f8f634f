import { timingSafeEqual } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type RequestWithActor } from '../../platform/access/access.js';
import { type Actor, anonymous } from '../../platform/access/actor.js';
import { hashOf } from '../../platform/secret.js';

/** Whoever asks for a cart or for what was made from it: a guest with the token, or a signed-in person. */
export interface Holder {
  actor: Actor;
  tokenHash: Buffer | null;
}

export const CurrentHolder = createParamDecorator((_: unknown, context: ExecutionContext): Holder => {
  const request = context.switchToHttp().getRequest<RequestWithActor>();
  const token = request.headers['x-cart-token'];
  return {
    actor: request.actor ?? anonymous,
    tokenHash: typeof token === 'string' && token.length <= 200 ? hashOf(token) : null,
  };
});

interface Held {
  tokenHash: Buffer | null;
  /** Of the link in a reminder, which opens the cart as well. */
  restoreHash?: Buffer | null;
  customerId: string | null;
}

/** Whether it is theirs. Compared in constant time, though the hash alone already tells a guesser nothing. */
export function holds(holder: Holder, thing: Held): boolean {
  const { actor } = holder;
  if (actor.kind === 'person' && thing.customerId !== null && thing.customerId === actor.id) return true;
  return keyOf(holder, thing) !== null;
}

/** The hash by which it opened for the holder: the order opens by the same. Null: by none. */
export function keyOf({ tokenHash }: Holder, thing: Held): Buffer | null {
  const keys = [thing.tokenHash, thing.restoreHash ?? null];
  return keys.find((key) => isSame(tokenHash, key)) ?? null;
}

const isSame = (one: Buffer | null, other: Buffer | null): boolean =>
  one !== null && other !== null && one.length === other.length && timingSafeEqual(one, other);

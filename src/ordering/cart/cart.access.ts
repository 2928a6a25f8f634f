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
  customerId: string | null;
}

/** Whether it is theirs. Compared in constant time, though the hash alone already tells a guesser nothing. */
export function holds({ actor, tokenHash }: Holder, thing: Held): boolean {
  if (actor.kind === 'person' && thing.customerId !== null && thing.customerId === actor.id) return true;
  return (
    tokenHash !== null &&
    thing.tokenHash !== null &&
    tokenHash.length === thing.tokenHash.length &&
    timingSafeEqual(tokenHash, thing.tokenHash)
  );
}

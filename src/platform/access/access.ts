import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension, ApiSecurity } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { platformProblems } from '../http/problem.js';
import { type Actor, anonymous } from './actor.js';

export const ACCESS = 'guildhall:access';

/** `[]` means public; `own`, that the handler looks at `Authorization` itself. */
export type AccessRule = readonly string[] | 'own';

/** Open to everybody. A token that is sent is checked all the same, and the handler sees who it is. */
export const Public = () =>
  applyDecorators(SetMetadata(ACCESS, [] satisfies AccessRule), ApiExtension('x-permissions', []));

export const DEAF = 'guildhall:deaf';

/**
 * Open to everybody, and no token is looked at: who signs in or refreshes often sends one that is over, and must not be
 * refused for it.
 */
export const PublicWithoutToken = () =>
  applyDecorators(Public(), SetMetadata(DEAF, true), ApiExtension('x-ignores-authorization', true));

/** For machines that have a token of their own in the settings: the handler checks it, nobody signs in. */
export const OwnCheck = () =>
  applyDecorators(SetMetadata(ACCESS, 'own' satisfies AccessRule), ApiExtension('x-permissions', []));

export const CLIENTS = 'guildhall:clients';

/**
 * Open to the guard, because the handler itself asks which program it is, by Basic authentication or by what stands in the
 * body. `schemes`: the ways that the document names; with a bearer token the handler sees who it is as everywhere.
 */
export const Clients = (...schemes: ('client' | 'bearer' | 'apiKey')[]) =>
  applyDecorators(Public(), SetMetadata(CLIENTS, true), ApiExtension('x-clients', schemes));

/**
 * Needs every one of these permissions; `account:self` is what each signed-in person has over its own things.
 * A handler with none of these stops the boot.
 */
export const Permissions = (...permissions: [string, ...string[]]) =>
  applyDecorators(
    SetMetadata(ACCESS, permissions),
    ApiExtension('x-permissions', permissions),
    ApiBearerAuth(),
  );

/** The scheme of the cart's token in the reference: `X-Cart-Token`. */
export const CART_TOKEN = 'cartToken';

/**
 * In the reference, beside `@Public()`: needs the token of the cart or a sign-in. The handler looks whether the thing
 * belongs to whoever sent them, or whether they have `staffPermission`, with which it opens whosever it is.
 */
export const HeldByShopper = (staffPermission?: string) =>
  applyDecorators(
    ApiSecurity(CART_TOKEN),
    ApiBearerAuth(),
    ...(staffPermission === undefined ? [] : [ApiExtension('x-staff-permission', staffPermission)]),
  );

/** In the reference, beside `@Public()`: works for guests, and does more for whoever is signed in. */
export const SignInOptional = () => applyDecorators(ApiSecurity({}), ApiBearerAuth());

/** What every person may do with its own things, and nobody else: not to be granted, and nothing for machines. */
export const isOwnThing = (permission: string): boolean => permission.startsWith('account:');

export const FRESH = 'guildhall:fresh';

/** Seconds for which a proof of who somebody is counts as fresh. */
export const FRESH_SECONDS = 600;

/**
 * Sensitive: the person must have proved who it is within ten minutes, with a second factor if it has one. Otherwise 401
 * with the challenge of RFC 9470; the remedy is `POST /v1/auth/step-up`. Machines are refused, and it says `@InPerson()` too.
 */
export const Fresh = () => applyDecorators(SetMetadata(FRESH, true), ApiExtension('x-fresh-sign-in', true));

export const IN_PERSON = 'guildhall:in-person';

/** For the person itself: 403 for staff who act in its place, on public operations too. */
export const InPerson = () =>
  applyDecorators(SetMetadata(IN_PERSON, true), ApiExtension('x-in-person', true));

/** The same, where one field of several is for the person itself. */
export function requireInPerson(actor: Actor): void {
  if (actor.kind === 'person' && actor.impersonatorId !== null)
    throw platformProblems.impersonation_forbidden();
}

export type RequestWithActor = FastifyRequest & { actor?: Actor };

/** Who acts in this request. */
export const CurrentActor = createParamDecorator(
  (_: unknown, context: ExecutionContext): Actor =>
    context.switchToHttp().getRequest<RequestWithActor>().actor ?? anonymous,
);

import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { OPERATION } from '../http/operation.js';
import { platformProblems } from '../http/problem.js';
import { currentRequest } from '../http/request-context.js';
import { realNow } from '../clock.js';
import {
  ACCESS,
  type AccessRule,
  CLIENTS,
  DEAF,
  FRESH,
  FRESH_SECONDS,
  IN_PERSON,
  isOwnThing,
  requireInPerson,
  type RequestWithActor,
} from './access.js';
import { type Actor, anonymous, Authenticator, type PersonActor } from './actor.js';
import { Denials } from './denials.js';
import { ImpersonationTrail } from './impersonation-trail.js';

/** Nobody does these things with a session that was left open, or with a key. */
function requireFresh(actor: Actor): void {
  if (actor.kind !== 'person') throw platformProblems.forbidden('Only a person may do this.');
  const { at, level, required } = actor.proof;
  const age = (realNow().getTime() - at.getTime()) / 1_000;
  if (age <= FRESH_SECONDS && level >= required) return;
  const challenge = [
    'Bearer error="insufficient_user_authentication"',
    `acr_values="aal${required}"`,
    `max_age="${FRESH_SECONDS}"`,
  ].join(', ');
  throw platformProblems.proof_required(undefined, { headers: { 'WWW-Authenticate': challenge } });
}

/** How the values begin that are keys of machines. */
const KEY_AS_JSON = /"sk_(live|test)_/;

/** What stands in an address is kept by proxies, logs and histories: a key that comes this way is as good as published. */
function refuseKeyInQuery({ url, query }: RequestWithActor): void {
  if (!url.includes('?') || !KEY_AS_JSON.test(JSON.stringify(query))) return;
  throw platformProblems.invalid_input('A key in the address may have been seen by others: revoke it.', {
    errors: [{ pointer: '/query', code: 'key_in_query', message: 'must come as `Authorization: Bearer`' }],
  });
}

/** Deny by default: finds out who asks, and lets in whoever has every permission that the handler declares. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
    private readonly denials: Denials,
    private readonly trail: ImpersonationTrail,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (rule === undefined) throw platformProblems.forbidden();
    if (rule === 'own') return true;
    const request = context.switchToHttp().getRequest<RequestWithActor>();
    refuseKeyInQuery(request);
    const authorization = this.declares(DEAF, context) ? undefined : request.headers.authorization;
    const isForHandler = this.declares(CLIENTS, context) && /^Basic /i.test(authorization ?? '');
    const actor =
      authorization === undefined || isForHandler
        ? anonymous
        : await this.authenticator.authenticate(authorization, request.ip);
    request.actor = actor;
    const current = currentRequest();
    if (current) current.actor = actor;
    if (actor.kind === 'person' && actor.impersonatorId !== null) await this.inPlaceOf(actor, context);
    if (rule.length === 0) return true;
    if (actor.kind === 'anonymous') throw platformProblems.unauthorized();
    if (actor.kind === 'machine') {
      // Where a person is needed a key is no better than none.
      if (rule.some(isOwnThing)) throw platformProblems.unauthorized();
      const reply = context.switchToHttp().getResponse<FastifyReply>();
      await this.authenticator.admit(actor, (headers) => void reply.headers(headers));
    }
    const missing = rule.filter((permission) => !actor.permissions.has(permission));
    if (missing.length > 0) {
      await this.denials.note(actor, missing);
      throw actor.kind === 'person' && actor.restriction
        ? actor.restriction()
        : platformProblems.forbidden(`The permission ${missing.join(', ')} is missing.`);
    }
    if (this.declares(FRESH, context)) requireFresh(actor);
    return true;
  }

  /** Of the handler itself or of all of its controller. */
  private declares(mark: string, context: ExecutionContext): boolean {
    return (
      this.reflector.getAllAndOverride<boolean | undefined>(mark, [
        context.getHandler(),
        context.getClass(),
      ]) ?? false
    );
  }

  /** Refuses what only the person itself may do, and notes what is going to be changed under both names. */
  private async inPlaceOf(actor: PersonActor, context: ExecutionContext): Promise<void> {
    const operation = this.reflector.get<string | undefined>(OPERATION, context.getHandler()) ?? 'unknown';
    if (this.declares(IN_PERSON, context) || this.declares(FRESH, context)) {
      await this.denials.note(actor, [`in person: ${operation}`]);
      requireInPerson(actor);
    }
    const { method, url } = context.switchToHttp().getRequest<RequestWithActor>();
    if (method !== 'GET') await this.trail.note(actor, operation, method, url.split('?', 1)[0] ?? url);
  }
}

import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { platformProblems } from '../http/problem.js';
import { currentRequest } from '../http/request-context.js';
import { ACCESS, type AccessRule, type RequestWithActor } from './access.js';
import { anonymous, Authenticator } from './actor.js';

/** Deny by default: finds out who asks, and lets in whoever has every permission that the handler declares. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (rule === undefined) throw platformProblems.forbidden();
    const request = context.switchToHttp().getRequest<RequestWithActor>();
    const { authorization } = request.headers;
    const actor =
      authorization === undefined ? anonymous : await this.authenticator.authenticate(authorization);
    request.actor = actor;
    const current = currentRequest();
    if (current) current.actor = actor;
    if (rule.length === 0) return true;
    if (actor.kind === 'anonymous') throw platformProblems.unauthorized();
    const missing = rule.filter((permission) => !actor.permissions.has(permission));
    if (missing.length > 0)
      throw platformProblems.forbidden(`The permission ${missing.join(', ')} is missing.`);
    return true;
  }
}

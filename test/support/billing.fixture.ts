import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from '../../src/platform/access/access.guard.js';
import { Authenticator, type PersonActor } from '../../src/platform/access/actor.js';
import { platformProblems } from '../../src/platform/http/problem.js';

/** Tokens say who they are: `person:<id>:<permission>,<permission>`. */
class SpokenAuthenticator extends Authenticator {
  authenticate(authorization: string): Promise<PersonActor> {
    const [, id, permissions = ''] = /^Bearer person:([\da-f-]{36}):(.*)$/.exec(authorization) ?? [];
    if (id === undefined) return Promise.reject(platformProblems.unauthorized());
    return Promise.resolve({
      kind: 'person',
      id,
      sessionId: id,
      emailVerified: true,
      permissions: new Set(permissions.split(',')),
      groups: [],
    });
  }
}

@Module({
  providers: [
    { provide: Authenticator, useClass: SpokenAuthenticator },
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
})
export class SpokenAccessModule {}

import { createHash } from 'node:crypto';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import type { RequestWithActor } from '../access/access.js';
import { Database } from '../database/database.js';
import { Idempotency } from './idempotency.js';
import { platformProblems } from './problem.js';
import { currentRequest } from './request-context.js';

export const IDEMPOTENCY = 'guildhall:idempotency';

/**
 * `accepted`, `required`: the handler runs inside one transaction and its answer is stored in it.
 * `steps`, `accepted-steps`: likewise, but the service has its own transactions and stores the answer in the last one,
 * because something stands before it that is not done inside one: a call to the outside, a slow hash.
 */
export type IdempotencyMode = 'accepted' | 'required' | 'steps' | 'accepted-steps';

/** Without a key there is no answer. */
export const needsKey = (mode: IdempotencyMode): boolean => mode === 'required' || mode === 'steps';

const VALID_KEY = /^[\x21-\x7e]{16,255}$/;

@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly idempotency: Idempotency,
    private readonly database: Database,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const { mode, operation } = this.reflector.get<{ mode: IdempotencyMode; operation: string }>(
      IDEMPOTENCY,
      context.getHandler(),
    );
    const request = context.switchToHttp().getRequest<RequestWithActor>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const key = keyOf(request.headers['idempotency-key']);
    if (key === null) {
      if (needsKey(mode)) throw keyFault('required', 'is required');
      return next.handle();
    }
    const claim = { scope: scopeOf(request, operation), key, fingerprint: fingerprintOf(request) };
    const claimed = await this.idempotency.claim(claim);
    void reply.header('content-type', 'application/json; charset=utf-8');
    if ('answer' in claimed) {
      if (claimed.answer.status >= 400) {
        void reply.header('content-type', 'application/problem+json; charset=utf-8');
      }
      void reply.code(claimed.answer.status).header('idempotency-replayed', 'true');
      return from([claimed.answer.body]);
    }
    const current = currentRequest();
    if (current) current.idempotency = claimed.run;
    const handle = async (): Promise<unknown> => lastValueFrom(next.handle(), { defaultValue: undefined });
    try {
      if (mode === 'steps' || mode === 'accepted-steps') return from([await handle()]);
      const body = await this.database.transaction(async () => {
        const answer = await handle();
        return claimed.run.answer(reply.statusCode, (answer ?? null) as object);
      });
      return from([body]);
    } catch (error) {
      // Nothing was committed: the key is free again. When the database is away the lease ends by itself.
      await claimed.giveBack().catch(() => undefined);
      throw error;
    }
  }
}

const keyFault = (code: string, message: string) =>
  platformProblems.idempotency_key_required(`The Idempotency-Key ${message}.`, {
    errors: [{ pointer: '/headers/Idempotency-Key', code, message }],
  });

/** The key in its bare form; the quoted form of RFC 8941 is taken too. */
function keyOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  const key = String(header).replace(/^"(.*)"$/, '$1');
  if (!VALID_KEY.test(key))
    throw keyFault('malformed', 'must have 16 to 255 characters: printable ASCII without spaces');
  return key;
}

/** A key belongs to whoever sent it: the same one from somebody else is another key. */
function scopeOf({ actor, headers }: RequestWithActor, operation: string): string {
  const guest = headers['x-cart-token'];
  if (actor?.kind === 'person' || actor?.kind === 'machine') return `${operation}:${actor.kind}:${actor.id}`;
  if (typeof guest === 'string')
    return `${operation}:guest:${createHash('sha256').update(guest).digest('base64url')}`;
  return `${operation}:anonymous`;
}

function fingerprintOf(request: RequestWithActor): Buffer {
  return createHash('sha256')
    .update(`${request.method} ${request.url}\n${canonical(request.body)}`)
    .digest();
}

/** JSON with sorted keys: the order in which a client writes its properties does not matter. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

import { type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import { etagOfVersion } from './etag.js';

interface Versioned {
  id?: unknown;
  version?: unknown;
  [name: string]: unknown;
}

/**
 * Sends what the body of an answer knows as headers too: its version as `ETag`, and where it is read as `Location`.
 * `@Operation` puts it outside of idempotency, so that a repeated answer has the headers of the first.
 */
export class AnswerHeadersInterceptor implements NestInterceptor {
  /** `location` is the path where the answer is read, with `{id}` and its like for members of it; null where there is none. */
  constructor(
    private readonly location: string | null,
    private readonly etag: boolean,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      map((answer) => {
        if (reply.statusCode < 300) this.tell(reply, answer);
        return answer;
      }),
    );
  }

  private tell(reply: FastifyReply, answer: unknown): void {
    // Stored answers are ready text.
    const body = (typeof answer === 'string' ? JSON.parse(answer) : (answer ?? {})) as Versioned;
    const { id, version } = body;
    if (this.location !== null && typeof id === 'string') {
      const place = this.location.replace(/\{(\w+)\}/g, (_, name: string) => String(body[name]));
      void reply.header('location', place);
    }
    if (this.etag && typeof version === 'number' && !reply.hasHeader('etag'))
      void reply.header('etag', etagOfVersion(version));
  }
}

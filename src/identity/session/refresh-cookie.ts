import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, map, type Observable } from 'rxjs';
import { HostCookie } from '../../platform/http/host-cookie.js';
import { platformProblems, Problem } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import type { Tokens } from './session.service.js';

/** Nothing but our own pages ever needs it, so it is sent with nothing that another site starts. */
const refreshCookie = new HostCookie('rt', 'Strict');

/**
 * The page asks that scripts never see the refresh token. Another site cannot say so in the name of a visitor: a header of
 * its own takes a preflight, which only the origins of the settings pass (ASVS 3.5.1).
 */
export const isBrowser = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  headers['x-requested-with'] === 'guildhall';

/**
 * The token of the body, or in browser mode that of the cookie: 400 when there is neither a token nor the header without
 * which the cookie is not looked at. A browser without the cookie has a token that is not valid.
 */
export function refreshTokenOf(request: FastifyRequest, given: string | undefined): string {
  if (given !== undefined) return given;
  if (isBrowser(request)) return refreshCookie.of(request) ?? '';
  throw platformProblems.invalid_input(
    'refreshToken is required; a browser that keeps it in a cookie sends `X-Requested-With: guildhall`.',
    {
      errors: [
        {
          pointer: '/refreshToken',
          code: 'required',
          message: 'is required without `X-Requested-With: guildhall`',
        },
      ],
    },
  );
}

/** The browser forgets its token, in browser mode. */
export function forgetRefreshToken(request: FastifyRequest, reply: FastifyReply): void {
  if (isBrowser(request)) void reply.header('set-cookie', refreshCookie.gone);
}

/** How long it lives is for the cookie alone. */
type Shown = Partial<Tokens>;

/** Moves the refresh token of the answer into the cookie, and a refused one out of it. */
class RefreshCookieInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<Shown | undefined>): Observable<Shown | undefined> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      map((answer) => {
        if (answer?.refreshToken === undefined) return answer;
        const { refreshToken, idleSeconds = 0, ...shown } = answer;
        if (!isBrowser(request)) return { ...shown, refreshToken };
        void reply.header('set-cookie', refreshCookie.keep(refreshToken, idleSeconds));
        return shown;
      }),
      catchError((error: unknown) => {
        if (error instanceof Problem && error.kind === identityProblems.invalid_refresh_token.kind)
          forgetRefreshToken(request, reply);
        throw error;
      }),
    );
  }
}

/** Stands at every operation that hands out a refresh token or takes one. */
export const RefreshCookie = () =>
  applyDecorators(
    UseInterceptors(new RefreshCookieInterceptor()),
    ApiHeader({
      name: 'X-Requested-With',
      required: false,
      description:
        '`guildhall`: browser mode. The refresh token travels in the cookie `__Host-rt`, which scripts cannot read, and ' +
        'not in bodies; other values mean nothing. Send it with `credentials: "include"`.',
      schema: { type: 'string' },
    }),
  );

import {
  type ArgumentsHost,
  BadRequestException,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnavailable, isUnstorableText } from '../database/database.js';
import { Problem, platformProblems, problemDocument } from './problem.js';

const log = new Logger('http');

/** Everything that was thrown, as a problem that may be told: never a stack, SQL or a library's own text. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // Of Nest's own, only the pipe that reads ids in paths answers 400; bodies and queries are told by validation.ts.
  if (error instanceof BadRequestException) {
    return platformProblems.invalid_input('An id in the path is not a UUID.', {
      errors: [{ pointer: '/id', code: 'not_uuid', message: 'must be a UUID' }],
    });
  }
  if (isUnstorableText(error)) {
    return platformProblems.invalid_input('The text holds a character that cannot be kept (NUL).', {
      errors: [{ pointer: '', code: 'unstorable', message: 'must not hold NUL characters' }],
    });
  }
  if (isUnavailable(error)) return platformProblems.unavailable(undefined, { retryAfter: 1 });
  const { statusCode } = error as { statusCode?: number };
  const status = error instanceof HttpException ? error.getStatus() : statusCode;
  switch (status ?? 500) {
    case 400:
      return platformProblems.invalid_input('The request cannot be read.');
    case 401:
      return platformProblems.unauthorized();
    case 403:
      return platformProblems.forbidden();
    case 404:
      return platformProblems.not_found();
    case 413:
      return platformProblems.too_large();
    case 415:
      return platformProblems.unsupported_media_type();
    default:
      return platformProblems.internal_error();
  }
}

/** Writes the problem document. The 404 for a foreign thing equals the one for an unknown thing but for ids. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  const { kind, details } = problem;
  if (kind.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (details.retryAfter !== undefined) void reply.header('retry-after', String(details.retryAfter));
  if (details.headers) void reply.headers(details.headers);
  const { errors, ...document } = problemDocument(problem);
  const body = {
    ...document,
    instance: request.url.split('?', 1)[0],
    requestId: request.id,
    ...(errors !== undefined && { errors }),
  };
  void reply
    .code(kind.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(JSON.stringify(body));
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const problem = toProblem(error);
    if (problem.status >= 500) {
      log.error({ requestId: request.id, code: problem.code, err: error }, 'request failed');
    }
    sendProblem(request, http.getResponse<FastifyReply>(), problem);
  }
}

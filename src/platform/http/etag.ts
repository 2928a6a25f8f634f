import { hash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { platformProblems } from './problem.js';

/** Strong ETag of a ready body. */
export const etagOfBody = (body: string | Buffer): string => `"${hash('sha1', body, 'base64url')}"`;

/** ETag of a versioned resource. */
export const etagOfVersion = (version: number): string => `"${version}"`;

/** Whether `If-None-Match` names this ETag (weak comparison, as RFC 9110 13.1.2 says). */
export function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return (
    header === '*' || header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag)
  );
}

/** The version that the caller's `If-Match` asks for; null when it sent none or `*`. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): number | null => {
  const header = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
  if (header === undefined || header === '*') return null;
  const version = /^"(\d{1,15})"$/.exec(header.trim())?.[1];
  if (version === undefined)
    throw platformProblems.invalid_input('If-Match must be an ETag that this server gave.', {
      errors: [
        { pointer: '/headers/If-Match', code: 'malformed', message: 'must be an ETag such as "3", or *' },
      ],
    });
  return Number(version);
});

/** Refuses a write that was made for another version: 412. */
export function requireVersion(wanted: number | null, present: number): void {
  if (wanted !== null && wanted !== present) {
    throw platformProblems.stale_version(`The present version is ${present}.`, {
      headers: { etag: etagOfVersion(present) },
    });
  }
}

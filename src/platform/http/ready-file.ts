import { StreamableFile } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { etagOfBody, matches } from './etag.js';

/** A file that is in memory. */
export interface ReadyFile {
  readonly name: string;
  /** Media type. */
  readonly type: string;
  readonly bytes: Buffer;
}

/** Answers a file of somebody's own to be saved, with the ETag of its bytes; 304 to whoever has them. */
export function sendFile(
  { name, type, bytes }: ReadyFile,
  request: FastifyRequest,
  reply: FastifyReply,
): StreamableFile | undefined {
  const etag = etagOfBody(bytes);
  const headers = { etag, 'cache-control': 'private, no-cache', 'x-content-type-options': 'nosniff' };
  void reply.headers(headers);
  if (matches(request.headers['if-none-match'], etag)) {
    void reply.code(304);
    return undefined;
  }
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  return new StreamableFile(bytes, {
    type,
    disposition: `attachment; filename="${plain}"`,
    length: bytes.length,
  });
}

import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { failpoint } from '../failpoint.js';
import { Idempotency } from './idempotency.js';

/** What a write comes to: its answer, where it knows that by itself, or what the answer is read by afterwards. */
export type Written<S extends object, T extends object> = { answer: T } | { state: S };

export interface WriteAndRead<S extends object, T extends object> {
  /** In one transaction, which may be run again. `state` is plain JSON. */
  write: () => Promise<Written<S, T>>;
  /** After its commit: may ask somebody outside, and writes nothing that is not harmless to repeat. */
  read: (state: S) => Promise<T>;
  /** Of an answer that is written at once. */
  status: number;
  /** Of one that is read afterwards; without it the same. */
  readStatus?: number;
}

/**
 * For operations with `accepted-steps` whose answer is more than what they wrote: the write is done once and committed, and
 * what is answered is read after it, so that nobody outside is asked with a transaction open. Whoever takes over from a
 * request that died in between writes nothing again, and reads.
 */
@Injectable()
export class AnswersAfter {
  constructor(private readonly database: Database) {}

  async give<S extends object, T extends object>(work: WriteAndRead<S, T>): Promise<T> {
    const { read, status, readStatus = status } = work;
    const request = Idempotency.current();
    const written = request?.resume ? { state: request.resume as S } : await this.write(work);
    if ('answer' in written) return written.answer;
    failpoint('answers.after_write');
    const answer = await read(written.state);
    if (request)
      await this.database.transaction(async () => Promise.resolve(request.answer(readStatus, answer)));
    return answer;
  }

  private write<S extends object, T extends object>({
    write,
    status,
  }: WriteAndRead<S, T>): Promise<Written<S, T>> {
    const request = Idempotency.current();
    if (request === null) return write();
    return this.database.transaction(async () => {
      const written = await write();
      if ('answer' in written) request.answer(status, written.answer);
      else await request.remember(written.state);
      return written;
    });
  }
}

import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../database/database.js';
import { failpoint } from '../failpoint.js';
import { Bool, Dictionary, Integer, ListOf, Uuid } from './fields.js';
import { Idempotency } from './idempotency.js';
import { toProblem } from './problem.filter.js';
import { platformProblems, Problem, problemDocument } from './problem.js';
import { shaped } from './validation.js';

/** As many as one request may hold. */
export const MOST_IN_BATCH = 100;

export class BatchResultDto {
  @Integer({ min: 0, max: MOST_IN_BATCH - 1, description: 'Of the item in the request.' })
  index: number;

  @Integer({ min: 200, max: 599, description: 'What the single request would have answered.', example: 201 })
  status: number;

  @Uuid({ nullable: true, description: 'Of what was made or changed.' })
  id: string | null;

  @Dictionary({
    values: 'any',
    nullable: true,
    description: 'Why not: a problem document; its pointers lead into the request.',
    example: null,
  })
  problem: Record<string, unknown> | null;
}

export class BatchAnswerDto {
  @Integer({ min: 0, max: MOST_IN_BATCH })
  succeeded: number;

  @Integer({ min: 0, max: MOST_IN_BATCH })
  failed: number;

  @ListOf(() => BatchResultDto, { max: MOST_IN_BATCH, description: 'One for each item, in their order.' })
  results: BatchResultDto[];
}

/** What every batch takes. */
export class BatchDto {
  @Bool({
    optional: true,
    description:
      'All or none: the first item that does not work undoes the others and is the answer. False when left out.',
  })
  atomic?: boolean;
}

export interface Done {
  status: number;
  id: string | null;
}

export interface Batch<T extends object> {
  /** As they came: each is looked into by itself. */
  items: readonly unknown[];
  /** What each has to be, and the property of the request that they stand in. */
  shape: new () => T;
  list: string;
  atomic: boolean | undefined;
  /** Does one, as the single request does it. */
  work: (item: T, index: number) => Promise<Done>;
  /** Where in the request an item stands, and what the single request calls that place. */
  at: (item: T, index: number) => { here: string; there: string };
}

/**
 * Many requests in one. Each item has a transaction of its own and an answer of its own; with an Idempotency-Key each is
 * done once, also when the process dies between two of them: how far it was is kept with what was done.
 */
@Injectable()
export class Batches {
  private readonly log = new Logger('batch');

  constructor(private readonly database: Database) {}

  /** In an operation with `accepted-steps` or `steps`. */
  async run<T extends object>(batch: Batch<T>): Promise<BatchAnswerDto> {
    const request = Idempotency.current();
    const results = batch.atomic === true ? await this.together(batch) : await this.oneByOne(batch);
    const failed = results.filter(({ problem }) => problem !== null).length;
    const answer = { succeeded: results.length - failed, failed, results };
    if (request && batch.atomic !== true)
      await this.database.transaction(async () => Promise.resolve(request.answer(200, answer)));
    return answer;
  }

  private together<T extends object>(batch: Batch<T>): Promise<BatchResultDto[]> {
    return this.database.transaction(async () => {
      const results: BatchResultDto[] = [];
      for (const index of batch.items.keys())
        results.push({ index, ...(await one(batch, index)), problem: null });
      const answer = { succeeded: results.length, failed: 0, results };
      Idempotency.current()?.answer(200, answer);
      return results;
    });
  }

  private async oneByOne<T extends object>(batch: Batch<T>): Promise<BatchResultDto[]> {
    const request = Idempotency.current();
    const results = (request?.resume as { results: BatchResultDto[] } | null)?.results ?? [];
    for (const index of batch.items.keys()) {
      if (index < results.length) continue;
      try {
        const done = await this.database.transaction(async () => {
          const result = { index, ...(await one(batch, index)), problem: null };
          await request?.proceed({ results: [...results, result] });
          return result;
        });
        results.push(done);
        failpoint('batch.after_item');
      } catch (error) {
        const problem = toProblem(error);
        // Another request has taken over, and does the rest.
        if (problem.kind === platformProblems.idempotency_in_flight.kind) throw error;
        // What could not be tried now must not be the answer to this key for days: a repeat goes on from here.
        if (request && problem.kind === platformProblems.unavailable.kind) throw error;
        if (problem.status >= 500)
          this.log.error({ err: error, code: problem.code }, 'an item of a batch failed');
        results.push({ index, status: problem.status, id: null, problem: problemDocument(problem) });
      }
    }
    return results;
  }
}

/** Looks into an item and does it; problems point into the whole request. */
async function one<T extends object>(
  { items, shape, list, work, at }: Batch<T>,
  index: number,
): Promise<Done> {
  let place = { here: `/${list}/${index}`, there: '' };
  try {
    const item = await shaped(shape, items[index]);
    place = at(item, index);
    return await work(item, index);
  } catch (error) {
    throw error instanceof Problem ? moved(error, place) : error;
  }
}

/** The problem with pointers into the whole request. */
function moved(
  { kind, message, details }: Problem,
  { here, there }: { here: string; there: string },
): Problem {
  const errors = details.errors?.map((error) => ({
    ...error,
    pointer: `${here}${error.pointer.startsWith(there) ? error.pointer.slice(there.length) : error.pointer}`,
  }));
  return new Problem(kind, message, { ...details, ...(errors && { errors }) });
}

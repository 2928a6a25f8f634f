import { AsyncLocalStorage } from 'node:async_hooks';
import type { Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
import { DataSource, type EntityManager, type ObjectLiteral, type Repository } from 'typeorm';

interface Scope {
  manager: EntityManager;
  client: PoolClient;
  beforeCommit: Map<string, () => Promise<void>>;
  afterCommit: (() => void)[];
  /** True from the commit or rollback on: a statement that comes later belongs to nothing. */
  over: boolean;
}

/** A connection that reads share: lent by the pool from the first of them to the last. */
interface Reader {
  client: Promise<PoolClient>;
  reads: number;
  broken: Error | null;
  onError: (error: Error) => void;
}

/** Ends a transaction that was not meant to stay. */
class Rehearsed extends Error {
  constructor(readonly outcome: unknown) {
    super('a rehearsal is over');
  }
}

/** Reads of shoppers travel on so many connections, however many there are. */
const READERS = 4;
/** Attempts of one transaction block, the first included. */
const ATTEMPTS = 4;
/** Texts beyond this many are sent unnamed, so that a query built from filters cannot fill the server with plans. */
const MAX_PREPARED = 500;

/**
 * The one way to PostgreSQL.
 *
 * A transaction is a visible block in a service; its connection travels by AsyncLocalStorage, so repositories
 * need not be handed anything. Isolation is READ COMMITTED: rows that will change are locked, counters change
 * by guarded statements, constraints are the last wall.
 */
@Injectable()
export class Database {
  private readonly log = new Logger('database');
  private readonly scope = new AsyncLocalStorage<Scope>();
  private readonly names = new Map<string, string>();
  private readonly pool: Pool;
  private readonly readers: Reader[] = [];

  constructor(private readonly dataSource: DataSource) {
    this.pool = (dataSource.driver as unknown as { master: Pool }).master;
  }

  /** True inside a transaction block. Ports to the outside refuse to work then. */
  get inTransaction(): boolean {
    return this.scope.getStore() !== undefined;
  }

  /**
   * Runs the block in one transaction and commits when it ends. A block inside a block joins it.
   * Only the outermost one is run again (at most three times, with jitter) after a deadlock or a
   * serialisation failure, so the block must not touch anything but the database.
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.inTransaction) return work();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(work);
      } catch (error) {
        if (attempt === ATTEMPTS || !isRetryable(error)) throw error;
        await wait(Math.random() * 10 * 2 ** attempt);
      }
    }
  }

  /**
   * Runs the block in a transaction of its own, takes back all that it wrote, and returns what it returned: what a change
   * would make. Nothing that waits for the commit happens.
   */
  async rehearse<T>(work: () => Promise<T>): Promise<T> {
    if (this.inTransaction) throw new Error('a rehearsal would take back the transaction that it is in');
    try {
      return await this.transaction<T>(async () => {
        throw new Rehearsed(await work());
      });
    } catch (error) {
      if (error instanceof Rehearsed) return error.outcome as T;
      throw error;
    }
  }

  /**
   * Reads of the block see one moment, and nothing but reads is let through: what several statements, or several modules, say
   * about it fits together.
   */
  async snapshot<T>(work: () => Promise<T>): Promise<T> {
    if (this.inTransaction) throw new Error('a transaction has begun at another moment already');
    return this.attempt(work, 'START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  }

  /** TypeORM's repository of the running transaction, or of the pool when none is open. */
  repository<E extends ObjectLiteral>(entity: new () => E): Repository<E> {
    return (this.scope.getStore()?.manager ?? this.dataSource.manager).getRepository(entity);
  }

  /**
   * Rows of a statement, in the running transaction or on a connection of the pool. Statements are prepared
   * once per connection; put values into `values`, never into the text. Statements of one transaction that need nothing
   * of each other may be asked together (`Promise.all`): they run one after the other and travel as one.
   */
  async query<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
    return (await this.run<R>(text, values)).rows;
  }

  /**
   * Rows of a quick read that locks nothing: outside of a transaction it shares a connection with its like, so that
   * what many shoppers ask at once leaves in few packets. A slow one would hold up those behind it: use `query`.
   */
  async look<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
    if (this.inTransaction) return this.query<R>(text, values);
    const reader = this.leastBusyReader();
    reader.reads++;
    try {
      return (await send<R>(await reader.client, this.prepared(text, values))).rows;
    } catch (error) {
      // The server says so with the answer, before the connection is seen to be closed: nobody shall read on it again.
      if (isGone(error)) reader.broken ??= error as Error;
      throw error;
    } finally {
      if (--reader.reads === 0) await this.letGo(reader);
    }
  }

  /** Number of rows that a statement changed: what a guarded update asks. */
  async execute(text: string, values: unknown[] = []): Promise<number> {
    return (await this.run(text, values)).rowCount ?? 0;
  }

  /** Stands for the running transaction: what a collector keys its collection by. */
  transactionToken(): object {
    const scope = this.scope.getStore();
    if (scope === undefined) throw new Error('this belongs in a transaction, and none is open');
    return scope;
  }

  /**
   * Registers work for the moment before the commit, once per transaction and key: what is collected during
   * the block (outbox, audit) leaves in one statement.
   */
  beforeCommit(key: string, work: () => Promise<void>): void {
    const scope = this.scope.getStore();
    if (scope === undefined) throw new Error(`${key}: there is no transaction to be part of`);
    if (!scope.beforeCommit.has(key)) scope.beforeCommit.set(key, work);
  }

  /** Runs after the commit, never after a rollback; at once when no transaction is open. It must not throw. */
  afterCommit(work: () => void): void {
    const scope = this.scope.getStore();
    if (scope === undefined) work();
    else scope.afterCommit.push(work);
  }

  private async attempt<T>(work: () => Promise<T>, begin = 'START TRANSACTION'): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const client = (await runner.connect()) as PoolClient;
    const scope: Scope = {
      manager: runner.manager,
      client,
      beforeCommit: new Map(),
      afterCommit: [],
      over: false,
    };
    try {
      // Not waited for: it leaves in one packet with the first statement of the block, and is asked about before the commit.
      const begun = send(client, { text: begin });
      begun.catch(() => undefined);
      // Tells TypeORM, whose entity manager would otherwise open and commit a transaction of its own.
      (runner as { isTransactionActive: boolean }).isTransactionActive = true;
      const result = await this.scope.run(scope, async () => {
        const value = await work();
        // One that brings another in is not forgotten.
        for (let done = 0; done < scope.beforeCommit.size;) {
          const due = [...scope.beforeCommit.values()].slice(done);
          done += due.length;
          await Promise.all(due.map((finish) => finish()));
        }
        return value;
      });
      await begun;
      scope.over = true;
      await send(client, { text: 'COMMIT' });
      for (const follow of scope.afterCommit) this.afterwards(follow);
      return result;
    } catch (error) {
      scope.over = true;
      // A rollback that fails (the server is gone) must not hide why the block failed.
      await send(client, { text: 'ROLLBACK' }).catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** What is committed stays committed, so a follow-up that fails must not make the caller believe otherwise. */
  private afterwards(follow: () => void): void {
    try {
      follow();
    } catch (error) {
      this.log.error({ err: error }, 'something after a commit failed');
    }
  }

  private run<R extends object>(text: string, values: unknown[]) {
    const scope = this.scope.getStore();
    // One of several that were asked together has failed, and the others go on: the pool's connection is not theirs.
    if (scope?.over) throw new Error('the transaction of this statement is over');
    const query = this.prepared(text, values);
    return scope === undefined ? this.pool.query<R>(query) : send<R>(scope.client, query);
  }

  private leastBusyReader(): Reader {
    const [first] = this.readers;
    if (first === undefined || this.readers.length < READERS) {
      const reader: Reader = {
        client: this.pool.connect(),
        reads: 0,
        broken: null,
        onError: (error) => (reader.broken = error),
      };
      this.readers.push(reader);
      reader.client.then(
        (client) => client.on('error', reader.onError),
        () => undefined,
      );
      return reader;
    }
    return this.readers.reduce((least, reader) => (reader.reads < least.reads ? reader : least), first);
  }

  /** Back to the pool; a connection that broke is not used again. */
  private async letGo(reader: Reader): Promise<void> {
    this.readers.splice(this.readers.indexOf(reader), 1);
    const client = await reader.client.catch(() => null);
    client?.off('error', reader.onError);
    client?.release(reader.broken ?? undefined);
  }

  private prepared(text: string, values: unknown[]): QueryConfig {
    const name = this.nameOf(text);
    return name === undefined ? { text, values } : { name, text, values };
  }

  private nameOf(text: string): string | undefined {
    let name = this.names.get(text);
    if (name === undefined && this.names.size < MAX_PREPARED) {
      name = `q${this.names.size}`;
      this.names.set(text, name);
    }
    return name;
  }
}

/**
 * Sends a statement without waiting for the one before (the connections are pipelined). What is sent in one turn of the
 * event loop leaves in one packet: the way through the kernel costs more than most of our statements.
 */
function send<R extends object>(client: PoolClient, query: QueryConfig): Promise<QueryResult<R>> {
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  if (stream.writableCorked === 0) {
    stream.cork();
    process.nextTick(() => stream.uncork());
  }
  return client.query<R>(query);
}

const sqlState = (error: unknown): string | undefined => {
  const { code, driverError } = (error ?? {}) as { code?: string; driverError?: { code?: string } };
  return driverError?.code ?? code;
};
const constraintOf = (error: unknown): string | undefined => {
  const { constraint, driverError } = (error ?? {}) as {
    constraint?: string;
    driverError?: { constraint?: string };
  };
  return driverError?.constraint ?? constraint;
};
const violates = (state: string) => (error: unknown, constraint?: string) =>
  sqlState(error) === state && (constraint === undefined || constraintOf(error) === constraint);

const isRetryable = (error: unknown): boolean => ['40001', '40P01'].includes(sqlState(error) ?? '');

/** The server has ended this connection, or is about to. */
const isGone = (error: unknown): boolean => /^(08|57P0)/.test(sqlState(error) ?? '');

/** A UNIQUE constraint (of that name) refused the statement. */
export const isUniqueViolation = violates('23505');
/** A CHECK constraint (of that name) refused the statement. */
export const isCheckViolation = violates('23514');
/** A FOREIGN KEY (of that name) refused the statement. */
export const isForeignKeyViolation = violates('23503');

/** PostgreSQL keeps no NUL in text (22021) nor in jsonb (22P05): the input's fault. */
export const isUnstorableText = (error: unknown): boolean =>
  ['22021', '22P05'].includes(sqlState(error) ?? '');

/** The server is away, overloaded or a lock took too long: worth another try by the caller, so 503 and not 500. */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error) ?? '';
  if (/^(08|57P0|53)/.test(state) || ['55P03', '40001', '40P01', '57014', '25P03'].includes(state))
    return true;
  if (['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(state)) return true;
  // node-postgres and TypeORM say these without a code when the server went away under a connection.
  return /Query runner already released|Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
    error instanceof Error ? error.message : '',
  );
}

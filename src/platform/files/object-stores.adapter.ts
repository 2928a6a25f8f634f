import { randomUUID } from 'node:crypto';
import { access, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { Logger } from '@nestjs/common';
import { S3mini } from 's3mini';
import { realNow } from '../clock.js';
import type { Config } from '../config.js';
import type { S3Settings } from '../environment.js';
import type { Database } from '../database/database.js';
import { makeFolder } from '../folder.js';
import { platformProblems } from '../http/problem.js';
import { checkKey, ObjectStore } from './object-store.port.js';

/** Halves of files that a dead process left behind; a whole one never takes as long. */
const LEFT_AFTER_MS = 24 * 3_600_000;
const S3_TIMEOUT_MS = 30_000;

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Files in DATA_DIR/files. Processes on several machines need one folder that they share. */
export class DiskObjectStore extends ObjectStore {
  private readonly parts: string;
  private swept: Promise<void> | undefined;

  constructor(
    private readonly folder: string,
    private readonly database: Pick<Database, 'inTransaction'>,
  ) {
    super();
    this.parts = join(folder, '.parts');
  }

  async put(key: string, bytes: Buffer): Promise<void> {
    const path = this.path(key);
    makeFolder(this.parts);
    await (this.swept ??= this.sweep());
    // Written aside, forced to the disk and renamed: nobody reads half a file, not even after a power cut.
    const part = join(this.parts, randomUUID());
    try {
      await flushed(part, 'wx', (file) => file.writeFile(bytes));
      makeFolder(dirname(path));
      await rename(part, path);
      await flushed(dirname(path), 'r');
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }

  async get(key: string): Promise<Readable | null> {
    const file = await open(this.path(key)).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    });
    return file && file.createReadStream({ highWaterMark: 128 * 1024 });
  }

  async delete(key: string): Promise<void> {
    await rm(this.path(key), { force: true });
  }

  async exists(key: string): Promise<boolean> {
    return access(this.path(key)).then(
      () => true,
      () => false,
    );
  }

  private path(key: string): string {
    refuseInTransaction(this.database);
    checkKey(key);
    return join(this.folder, key);
  }

  private async sweep(): Promise<void> {
    for (const name of await readdir(this.parts)) {
      const part = join(this.parts, name);
      const found = await stat(part).catch(() => null);
      if (found && realNow().getTime() - found.mtimeMs > LEFT_AFTER_MS) await rm(part, { force: true });
    }
  }
}

/** Objects of a bucket, addressed by path (`S3_ENDPOINT/S3_BUCKET/key`), which every server that speaks S3 understands. */
export class S3ObjectStore extends ObjectStore {
  private readonly log = new Logger('files');
  private readonly client: S3mini;

  constructor(
    { endpoint, bucket, region, accessKeyId, secretAccessKey }: S3Settings,
    private readonly database: Pick<Database, 'inTransaction'>,
  ) {
    super();
    this.client = new S3mini({
      endpoint: `${endpoint}/${bucket}`,
      region,
      accessKeyId,
      secretAccessKey,
      fetch: inTime,
    });
  }

  async put(key: string, bytes: Buffer, contentType: string): Promise<void> {
    const answer = await this.ask(key, () => this.client.putObject(key, bytes, contentType));
    await answer.body?.cancel();
  }

  async get(key: string): Promise<Readable | null> {
    const answer = await this.ask(key, () => this.client.getObjectResponse(key));
    return answer?.body ? Readable.fromWeb(answer.body as ReadableStream) : null;
  }

  async delete(key: string): Promise<void> {
    await this.ask(key, async () => {
      try {
        await this.client.deleteObject(key);
      } catch (error) {
        // Some servers say so instead of 204.
        if ((error as { status?: number }).status !== 404) throw error;
      }
    });
  }

  async exists(key: string): Promise<boolean> {
    return (await this.ask(key, () => this.client.objectExists(key))) === true;
  }

  /** Whether the bucket can be reached with these credentials. */
  reachable(): Promise<boolean> {
    return this.client.bucketExists();
  }

  /** What the library says stays in the log, and only its kind: its texts may hold what a server answered. */
  private async ask<T>(key: string, question: () => Promise<T>): Promise<T> {
    refuseInTransaction(this.database);
    checkKey(key);
    try {
      return await question();
    } catch (error) {
      const { name, code, status } = error as { name?: string; code?: string; status?: number };
      this.log.warn({ key, error: name, code, status }, 'the store of files does not answer');
      throw platformProblems.unavailable('The store of files does not answer.', { retryAfter: 5 });
    }
  }
}

/** Waits for an answer only so long, but for its body as long as whoever reads it takes. */
const inTime: typeof fetch = async (address, request) => {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), S3_TIMEOUT_MS);
  try {
    return await fetch(address, { ...request, signal: abort.signal });
  } finally {
    clearTimeout(timer);
  }
};

export function objectStoreOf(config: Config, database: Database): ObjectStore {
  return config.s3 === null
    ? new DiskObjectStore(join(config.dataDir, 'files'), database)
    : new S3ObjectStore(config.s3, database);
}

function refuseInTransaction({ inTransaction }: Pick<Database, 'inTransaction'>): void {
  if (inTransaction) throw new Error('files are not touched inside a transaction');
}

/** Opens, works, and comes back when it is on the disk. */
async function flushed(
  path: string,
  flags: string,
  work: (file: Awaited<ReturnType<typeof open>>) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const file = await open(path, flags);
  try {
    await work(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

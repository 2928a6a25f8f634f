import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { makeFolder } from '../../platform/folder.js';
import { platformProblems } from '../../platform/http/problem.js';

export interface IncomingFile {
  path: string;
  bytes: number;
  sha256: Buffer;
}

const LEFT_AFTER_MS = 3_600_000;

/** Uploads while they are looked at: on the disk of the process that takes them, and gone with the answer. */
@Injectable()
export class IncomingFileStore {
  private readonly folder: string;

  constructor(private readonly config: Config) {
    this.folder = join(config.dataDir, 'uploads');
  }

  /**
   * Hands `work` the body as a file and removes that afterwards; the memory holds a chunk at a time. What is announced as,
   * or turns out to be, larger than the store takes is refused (413), and its sender hears why.
   */
  async with<T>(
    body: Readable,
    announced: number,
    work: (file: IncomingFile) => Promise<T>,
    { bytes: limit, what } = { bytes: this.config.mediaMaxBytes, what: 'A picture' },
  ): Promise<T> {
    const tooLarge = () => platformProblems.too_large(`${what} may have at most ${limit} bytes.`);
    if (announced > limit) throw tooLarge();
    makeFolder(this.folder);
    const path = join(this.folder, randomUUID());
    const hash = createHash('sha256');
    let bytes = 0;
    // A body that is destroyed takes the connection with it, and the answer with that.
    const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    async function* limited(): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (bytes > limit) throw tooLarge();
        hash.update(chunk);
        yield chunk;
      }
    }
    try {
      await pipeline(limited, createWriteStream(path, { flags: 'wx' }));
      return await work({ path, bytes, sha256: hash.digest() });
    } finally {
      // What still comes is read to nowhere: nobody would notice the end of a connection that is full.
      body.resume();
      await rm(path, { force: true });
    }
  }

  /** Removes what processes left behind that died over an upload. */
  async sweep(): Promise<void> {
    const names = await readdir(this.folder).catch(() => []);
    for (const name of names) {
      const path = join(this.folder, name);
      const found = await stat(path).catch(() => null);
      if (found && realNow().getTime() - found.mtimeMs > LEFT_AFTER_MS) await rm(path, { force: true });
    }
  }
}

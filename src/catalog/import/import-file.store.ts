import { createReadStream, createWriteStream, type ReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';

/** Larger catalogs come in parts; an import is an upsert, so the order of parts does not matter. */
const MAX_BYTES = 1024 * 1024 * 1024;

const tooLarge = () => platformProblems.too_large(`A file may have at most ${MAX_BYTES} bytes.`);

/** Files that wait for the importer, in the data folder. API and worker processes share it. */
@Injectable()
export class ImportFileStore {
  private readonly folder: string;

  constructor(config: Config) {
    this.folder = join(config.dataDir, 'imports');
  }

  /**
   * Streams the body to disk: the memory holds a chunk at a time. Returns its size. One that is `announced` as too
   * large is refused before a byte of it is read; one that turns out to be is refused there, and its sender hears why.
   */
  async save(name: string, body: Readable, announced: number): Promise<number> {
    if (announced > MAX_BYTES) throw tooLarge();
    await mkdir(this.folder, { recursive: true });
    let bytes = 0;
    // A body that is destroyed takes the connection with it, and the answer with that.
    const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    async function* limited(): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) throw tooLarge();
        yield chunk;
      }
    }
    try {
      await pipeline(limited, createWriteStream(this.path(name), { flags: 'wx' }));
      return bytes;
    } catch (error) {
      // What still comes is read to nowhere: nobody would notice the end of a connection that is full.
      body.resume();
      await this.remove(name);
      throw error;
    }
  }

  open(name: string): ReadStream {
    return createReadStream(this.path(name), { highWaterMark: 256 * 1024 });
  }

  async remove(name: string): Promise<void> {
    await rm(this.path(name), { force: true });
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
}

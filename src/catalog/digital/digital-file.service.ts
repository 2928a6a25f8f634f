import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { ObjectStore } from '../../platform/files/object-store.port.js';
import { Problem, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { bundleProblems } from '../bundle/bundle.errors.js';
import { type IncomingFile, IncomingFileStore } from '../media/incoming-file.store.js';
import { ProductRepository } from '../product/product.repository.js';
import type { DigitalFileDto, UploadFileQuery } from './digital-file.dto.js';
import { DigitalFileRepository } from './digital-file.repository.js';

/** So many that a page shows them all. */
const MAX_FILES = 50;

/** Where a file lies in the store; no address leads there. */
export const digitalKey = (id: string): string => `digital/${id.slice(-2)}/${id}`;

/**
 * Files of digital variants. A file never changes: another one takes its place, and orders that were placed before open what they
 * were sold. So nothing that was ever uploaded is taken away.
 */
@Injectable()
export class DigitalFileService {
  constructor(
    private readonly database: Database,
    private readonly files: DigitalFileRepository,
    private readonly products: ProductRepository,
    private readonly incoming: IncomingFileStore,
    private readonly store: ObjectStore,
    private readonly audit: Audit,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  async list(variantId: string): Promise<DigitalFileDto[]> {
    return this.files.list(variantId);
  }

  /** Keeps the bytes, and sells them with the variant from then on; `announced` is how many the sender says. */
  async upload(
    variantId: string,
    query: UploadFileQuery,
    { body, announced }: { body: unknown; announced: number },
    actor: Actor,
  ): Promise<DigitalFileDto> {
    if (!(body instanceof Readable)) throw platformProblems.invalid_input('The body is empty.');
    const limit = { bytes: this.config.digitalFileMaxBytes, what: 'A file' };
    return this.incoming.with(body, announced, (file) => this.take(variantId, query, file, actor), limit);
  }

  /** It is not sold any more; who bought it keeps it. */
  async remove(variantId: string, id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      if (!(await this.files.remove(variantId, id, this.clock.now()))) throw platformProblems.not_found();
      this.record(actor, 'removed', variantId, { fileId: id });
    });
  }

  private async take(
    variantId: string,
    { name, contentType = 'application/octet-stream', replaces }: UploadFileQuery,
    { path, bytes, sha256 }: IncomingFile,
    actor: Actor,
  ): Promise<DigitalFileDto> {
    if (bytes === 0) throw platformProblems.invalid_input('The file is empty.');
    const id = newId();
    // Before the row, so that no row is without its bytes; bytes that no row names are nobody's.
    await this.store.put(digitalKey(id), await readFile(path), contentType);
    try {
      return await this.database.transaction(async () => {
        const variant = await this.products.lockVariant(variantId);
        if (!variant) throw platformProblems.not_found();
        if (variant.kind !== 'digital') throw bundleProblems.odd_kind('Only digital variants have files.');
        const now = this.clock.now();
        if (replaces !== undefined && !(await this.files.remove(variantId, replaces, now)))
          throw platformProblems.not_found();
        await this.files.insert({ id, variantId, name, contentType, bytes, sha256 }, now);
        const all = await this.files.list(variantId);
        const made = all.find((file) => file.id === id);
        if (!made || all.length > MAX_FILES)
          throw bundleProblems.odd_kind(`A variant has at most ${MAX_FILES} files.`);
        this.record(actor, 'added', variantId, { fileId: id, name, bytes, replaces: replaces ?? null });
        return made;
      });
    } catch (error) {
      // Only when it was refused: of a commit whose answer was lost nobody knows that there is no row.
      if (error instanceof Problem) await this.store.delete(digitalKey(id)).catch(() => undefined);
      throw error;
    }
  }

  private record(actor: Actor, what: string, subjectId: string, details: Record<string, unknown>): void {
    this.audit.record({
      actor,
      action: `catalog.digital_file.${what}`,
      subjectType: 'variant',
      subjectId,
      details,
    });
  }
}

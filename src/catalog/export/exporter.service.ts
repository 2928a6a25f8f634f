import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { failpoint } from '../../platform/failpoint.js';
import { ObjectStore } from '../../platform/files/object-store.port.js';
import { newId } from '../../platform/ids.js';
import { ExportRepository, type HeldExport } from './export.repository.js';
import { type ExportPlan, type Writer, WRITERS } from './writers.js';

/** Products that are read at a time. */
const PAGE = 200;
/** About so large is a part, and so much of the file is in memory. */
const PART_BYTES = 1024 * 1024;
/** After so many products a part ends however small it is: products that make no rows must not let the lease run out. */
const PART_PRODUCTS = 5_000;
/** How long a file can be loaded. */
const KEPT_MS = 24 * 3_600_000;
/** So many workers may die or fail at one part; then it is the part. */
const ATTEMPTS = 5;

/** The export was canceled or taken over. */
class NoLongerOurs extends Error {}

/** Where a part of a file lies in the store of files. */
export const partKey = (exportId: string, number: number): string => `exports/${exportId}/${number}`;

/**
 * Writes the file of an export, in parts: each is put into the store of files and then noted. A worker that takes over
 * goes on behind the last part that was noted; one that was put without being noted is written over.
 */
@Injectable()
export class Exporter {
  constructor(
    private readonly exports: ExportRepository,
    private readonly store: ObjectStore,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** To its end. Repeating it is harmless. */
  async run(exportId: string): Promise<void> {
    const worker = newId();
    const job = await this.exports.claim(exportId, worker, this.clock.now());
    if (!job) return;
    if (job.attempts > ATTEMPTS)
      return this.exports.fail(
        exportId,
        worker,
        'It could not be written; the log says why.',
        this.clock.now(),
      );
    try {
      await this.write(job, worker);
    } catch (error) {
      if (error instanceof NoLongerOurs) return;
      throw error;
    }
    const now = this.clock.now();
    const expiresAt = job.feedId === null ? new Date(now.getTime() + KEPT_MS) : null;
    await this.exports.finish(exportId, worker, now, expiresAt);
  }

  private async write(job: HeldExport, worker: string): Promise<void> {
    const writer = WRITERS[job.format] as Writer<unknown>;
    const plan = job.plan ?? (await this.exports.begin(job, worker, this.planOf(job)));
    const part = {
      number: job.parts,
      products: 0,
      skipped: 0,
      rows: 0,
      texts: [] as string[],
      size: 0,
      afterId: job.afterId,
    };
    let digest = job.digest;
    const put = async () => {
      const bytes = Buffer.from(part.texts.join(''));
      digest = createHash('sha256')
        .update(digest ?? '')
        .update(bytes)
        .digest();
      const { number, products, skipped, rows, afterId } = part;
      await this.keep(job.id, worker, number, bytes, writer.contentType, {
        products,
        skipped,
        rows,
        afterId,
        digest,
      });
      Object.assign(part, { number: number + 1, products: 0, skipped: 0, rows: 0, texts: [], size: 0 });
    };
    if (job.parts === 0) part.texts.push(writer.head(plan));
    for (;;) {
      const page = await this.exports.page(job, part.afterId, PAGE, this.mediaBase, this.clock.now());
      for (const { id, product } of page) {
        const { text, rows } = writer.write(product, plan);
        part.texts.push(text);
        part.size += text.length;
        if (rows > 0) part.products++;
        else part.skipped++;
        part.rows += rows;
        part.afterId = id;
        if (part.size >= PART_BYTES || part.products >= PART_PRODUCTS) await put();
      }
      if (page.length < PAGE) break;
    }
    part.texts.push(writer.tail);
    await put();
  }

  private async keep(
    id: string,
    worker: string,
    number: number,
    bytes: Buffer,
    contentType: string,
    part: { products: number; skipped: number; rows: number; afterId: string | null; digest: Buffer },
  ): Promise<void> {
    // Whoever was too slow must not write over a part of the worker that has taken over.
    if (!(await this.exports.renew(id, worker))) throw new NoLongerOurs();
    await this.store.put(partKey(id, number), bytes, contentType);
    failpoint('export.after_put');
    if (!(await this.exports.advance(id, worker, number, { ...part, bytes: bytes.length })))
      throw new NoLongerOurs();
    failpoint('export.after_file_part');
  }

  private planOf({
    currency,
    linkTemplate,
  }: HeldExport): Omit<ExportPlan, 'currencies' | 'locations' | 'kept'> {
    const base = this.config.publicUrl;
    const { shopName } = this.config;
    return { currency, base, linkTemplate: linkTemplate ?? `${base}/v1/products/{handle}`, shopName };
  }

  /** What addresses of uploads begin with, also for those who read the file elsewhere. */
  private get mediaBase(): string {
    return this.config.mediaBaseUrl || this.config.publicUrl;
  }
}

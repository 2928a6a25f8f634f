import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database, isUniqueViolation } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { failpoint } from '../../platform/failpoint.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { newId } from '../../platform/ids.js';
import { ProductChanged } from '../catalog.events.js';
import { PriceRepository } from '../price/price.repository.js';
import { SearchIndex } from '../search/search-index.service.js';
import { StockFacts } from '../stock/stock-facts.service.js';
import { ProductAttributes } from '../product-type/product-attributes.service.js';
import { type ChunkPlan, KnownProducts, planChunk, refuseRepeats } from './chunk-plan.js';
import { UnreadableFile } from './csv.reader.js';
import { presentProducts } from './completed-product.js';
import { ImportFileStore } from './import-file.store.js';
import { type ImportJob, ImportRepository, type Progress } from './import.repository.js';
import type { IncomingRow } from './incoming-product.js';
import { readNdjson } from './ndjson.reader.js';
import { readOurCsv } from './our-csv.reader.js';
import {
  ProductUpsertRepository,
  type ProductWrite,
  SkuTakenMeanwhile,
} from './product-upsert.repository.js';
import { readShopifyCsv } from './shopify-csv.reader.js';

/** Products per transaction: enough to make the statements cheap, few enough that nobody waits for their locks. */
const CHUNK = 200;
/** And so many characters of JSON, about: some products are as large as hundreds of others. */
const CHUNK_SIZE = 4 * 1024 * 1024;

const READERS = {
  ndjson: readNdjson,
  csv: readOurCsv,
  shopify_csv: readShopifyCsv,
};

/** The import was canceled or taken over; what this worker has in hand is rolled back. */
class NoLongerOurs extends Error {}

/** Works through a file, chunk by chunk. Whoever takes over goes on behind the last chunk that was committed. */
@Injectable()
export class Importer {
  private readonly log = new Logger('import');

  constructor(
    private readonly database: Database,
    private readonly imports: ImportRepository,
    private readonly files: ImportFileStore,
    private readonly products: ProductUpsertRepository,
    private readonly prices: PriceRepository,
    private readonly searchIndex: SearchIndex,
    private readonly attributes: ProductAttributes,
    private readonly facts: StockFacts,
    private readonly outbox: Outbox,
    private readonly pages: PageCache,
    private readonly clock: Clock,
  ) {}

  async run(importId: string): Promise<void> {
    const worker = newId();
    const job = await this.imports.claim(importId, worker, this.clock.now());
    if (!job) return;
    let failure: string | null = null;
    try {
      await this.work(job, worker);
    } catch (error) {
      if (error instanceof NoLongerOurs) return;
      failure = reasonOf(error);
      // What is no fault of the file is tried again by the job.
      if (failure === null) throw error;
    }
    if (!job.dryRun) await this.searchIndex.countWords();
    await this.imports.finish(importId, worker, failure, this.clock.now());
    await this.files.remove(job.file);
    await this.imports.forgetNames();
  }

  private async work(job: ImportJob, worker: string): Promise<void> {
    const bytes = this.files.open(job.file);
    const rows = READERS[job.format](bytes, job.currency, (columns) =>
      this.imports.noteIgnored(job.id, columns),
    );
    const related = new Map<number, string[]>();
    let chunk: IncomingRow[] = [];
    let size = 0;
    try {
      for await (const row of rows) {
        // Rows before the checkpoint are read again for what goes with them.
        if (row.product?.related) related.set(row.ordinal, row.product.related);
        if (row.ordinal <= job.rowsRead) continue;
        chunk.push(row);
        size += JSON.stringify(row).length;
        if (chunk.length < CHUNK && size < CHUNK_SIZE) continue;
        await this.take(chunk, job, worker);
        chunk = [];
        size = 0;
      }
      if (chunk.length > 0) await this.take(chunk, job, worker);
      if (!job.dryRun && related.size > 0) await this.relate(job, related);
    } finally {
      bytes.destroy();
    }
  }

  /** At the end, when all that the file makes is there: a product may go with one that comes behind it. */
  private async relate(job: ImportJob, related: Map<number, string[]>): Promise<void> {
    let after = 0;
    for (;;) {
      const chunk = await this.imports.results(job.id, after);
      if (!chunk) return;
      after = chunk.ordinal;
      const links = chunk.rows.flatMap(([ordinal, , , outcome, id]) => {
        const handles = related.get(ordinal);
        return handles && id !== null && (outcome === 'created' || outcome === 'updated')
          ? [{ id, related: handles }]
          : [];
      });
      await this.database.transaction(async () => {
        await this.products.relate(links);
        this.database.afterCommit(() => this.pages.dropAll());
      });
    }
  }

  /** One chunk, one transaction: products, prices, stock, search rows, facts and the checkpoint. */
  private async take(rows: IncomingRow[], job: ImportJob, worker: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.database.transaction(() => this.write(rows, job, worker));
        break;
      } catch (error) {
        // Somebody took a handle or SKU between look and write: look again.
        if (attempt === 3 || !(isUniqueViolation(error) || error instanceof SkuTakenMeanwhile)) throw error;
        this.log.debug({ err: error }, 'chunk tried again');
      }
    }
    failpoint('import.after_chunk');
  }

  private async write(read: IncomingRow[], job: ImportJob, worker: string): Promise<void> {
    const { rows, names } = await refuseRepeats(read, (keys) => this.imports.usedNames(job.id, keys));
    await this.imports.useNames(job.id, names);
    const good = rows.flatMap(({ product }) => (product ? [product] : []));
    // Before the products, as those do who change one.
    await this.attributes.keepTypes();
    const taxClasses = await this.products.taxClasses(good.flatMap(({ taxClass }) => taxClass ?? []));
    const found = await this.products.products(
      good.flatMap(({ id }) => id ?? []),
      good.map(({ externalId, handle }) => externalId ?? handle),
      good.map(({ handle }) => handle),
    );
    const products = new KnownProducts(found);
    const records = presentProducts(await this.products.records(products.differing(good)));
    const known = {
      taxClasses,
      products,
      records,
      media: await this.products.media(
        good.flatMap(({ media }) => media.flatMap(({ mediaId }) => mediaId ?? [])),
      ),
      variants: await this.products.variants(good.flatMap(({ variants }) => variants.map(({ sku }) => sku))),
      locations: await this.products.locations(),
      ...(await this.attributes.known(
        [...good, ...found].flatMap(({ productType }) => productType ?? []),
        [...good, ...records.values()].map(({ attributes }) => attributes),
      )),
    };
    const plan = planChunk(rows, known, () => newId());
    if (job.dryRun) forgetNew(plan);
    else await this.apply(plan, job, known.locations);
    if (plan.errors.length > 0) await this.imports.addErrors(job.id, plan.errors);
    await this.imports.addResults(job.id, plan.outcomes);
    if (!(await this.imports.advance(job.id, worker, progressOf(plan, rows.length))))
      throw new NoLongerOurs();
  }

  private async apply(plan: ChunkPlan, job: ImportJob, locations: Map<string, string>): Promise<void> {
    const now = this.clock.now();
    const actor = job.requestedBy ?? 'import';
    const written = [...plan.created, ...plan.updated];
    if (written.length > 0) {
      await this.products.ensureCategories(written.flatMap(({ product }) => product.categories));
      await this.products.insert(plan.created, now);
      await this.products.update(plan.updated, now);
      await this.products.equip(written);
    }
    const changed = [...written, ...plan.moved];
    if (changed.length === 0) return;
    await this.setPricesAndStock(changed, actor, locations, now);
    await this.searchIndex.refresh(changed.map(({ id }) => id));
    this.outbox.record(new ProductChanged({ productIds: changed.map(({ id }) => id) }));
    this.database.afterCommit(() => this.pages.dropAll());
  }

  private async setPricesAndStock(
    writes: ProductWrite[],
    actor: string,
    locations: Map<string, string>,
    now: Date,
  ): Promise<void> {
    const variants = writes.flatMap(({ product }) => product.variants);
    const present = await this.products.variants(variants.map(({ sku }) => sku));
    const ids = new Map(present.map(({ sku, id }) => [sku, id]));
    const prices = variants.flatMap(({ sku, prices: wanted }) =>
      wanted.map((price) => ({ variantId: ids.get(sku) ?? '', ...price })),
    );
    if (prices.length > 0) await this.prices.append(prices, now, actor);
    const first = locations.keys().next().value ?? '';
    const stock = variants.flatMap(({ sku, stock: wanted, backorderLimit }) =>
      [first, ...wanted.map(({ location }) => location).filter((code) => code !== first)].map((code) => ({
        variantId: ids.get(sku) ?? '',
        locationId: locations.get(code) ?? '',
        onHand: wanted.find(({ location }) => location === code)?.onHand ?? null,
        backorderLimit: code === first ? backorderLimit : 0,
      })),
    );
    const moved = await this.products.setStock(stock, actor);
    await this.facts.tell(moved);
  }
}

/** What a dry run would make has no id. */
function forgetNew({ outcomes }: ChunkPlan): void {
  for (const outcome of outcomes) if (outcome[3] === 'created') outcome[4] = null;
}

function progressOf(plan: ChunkPlan, read: number): Progress {
  return {
    read,
    created: plan.created.length,
    updated: plan.updated.length + plan.moved.length,
    unchanged: plan.same.length - plan.moved.length,
    rejected: plan.rejected.length,
  };
}

/** Why the file itself cannot be imported; null when it is not the file's fault. */
function reasonOf(error: unknown): string | null {
  if (error instanceof UnreadableFile) return error.message;
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'ENOENT') return 'The file is gone from the data folder.';
  // What the database does not take it will not take the next time either.
  if (code !== undefined && /^2[23]/.test(code) && !isUniqueViolation(error))
    return 'The file holds something that cannot be kept.';
  if (code?.startsWith('CSV_')) return `The file is not CSV: ${message ?? code}`.slice(0, 500);
  return null;
}

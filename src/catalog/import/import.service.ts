import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ProgressStreams } from '../../platform/http/progress-streams.js';
import { newId } from '../../platform/ids.js';
import { ImportRequested } from '../catalog.events.js';
import { csvRow, headerOf } from './csv.reader.js';
import type { ImportDto, ImportErrorDto, ImportFormat, StartImportQuery } from './import.dto.js';
import { importProblems } from './import.errors.js';
import { ImportFileStore } from './import-file.store.js';
import { ImportRepository, type RowOutcome } from './import.repository.js';
import { isOurHeader } from './our-csv.reader.js';

/** Files with products: taken in here, worked through by the importer. */
@Injectable()
export class ImportService {
  constructor(
    private readonly database: Database,
    private readonly imports: ImportRepository,
    private readonly files: ImportFileStore,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly streams: ProgressStreams,
  ) {}

  /** Keeps the file, `announced` as so many bytes (0: not said), and asks for its import. The file is on disk before the row that names it. */
  async start(
    kind: 'ndjson' | 'csv',
    body: Readable,
    announced: number,
    query: StartImportQuery,
    actor: Actor,
  ): Promise<ImportDto> {
    const id = newId();
    const { dryRun = false, currency = this.config.storeCurrency } = query;
    const bytes = await this.files.save(id, body, announced);
    if (bytes === 0) {
      await this.files.remove(id);
      throw importProblems.import_empty();
    }
    const format = kind === 'ndjson' ? kind : await this.csvFormat(id);
    await this.database.transaction(async () => {
      const requestedBy = personId(actor);
      await this.imports.add(
        { id, format, dryRun, currency, file: id, rowsRead: 0, requestedBy },
        bytes,
        this.clock.now(),
      );
      this.outbox.record(new ImportRequested({ importId: id }));
      const details = { format, dryRun, bytes };
      this.audit.record({
        actor,
        action: 'catalog.import.requested',
        subjectType: 'import',
        subjectId: id,
        details,
      });
    });
    return this.get(id);
  }

  async get(id: string): Promise<ImportDto> {
    const found = await this.imports.find(id);
    if (!found) throw platformProblems.not_found();
    return found;
  }

  /** Events about it until it is over. */
  listen(now: ImportDto): Readable {
    return this.streams.listen('imports', now, (ids) => this.imports.several(ids));
  }

  async list(limit: number, cursor: string | undefined): Promise<Page<ImportDto>> {
    const after = this.cursors.decode('imports', cursor);
    const rows = await this.imports.list(after ? String(after[0]) : null, limit + 1);
    return this.cursors.page('imports', rows, limit, ({ id }) => [id]);
  }

  async errors(id: string, limit: number, cursor: string | undefined): Promise<Page<ImportErrorDto>> {
    await this.get(id);
    const list = `import errors ${id}`;
    const after = this.cursors.decode(list, cursor);
    const rows = await this.imports.errors(
      id,
      after ? [Number(after[0]), Number(after[1])] : null,
      limit + 1,
    );
    const page = this.cursors.page(list, rows, limit, ({ ordinal, number }) => [ordinal, number]);
    const shown = ({ line, externalId, code, pointer, message }: ImportErrorDto) => ({
      line,
      externalId,
      code,
      pointer,
      message,
    });
    return { items: page.items.map(shown), nextCursor: page.nextCursor };
  }

  /** What became of each row, as a CSV that grows while it is read: memory holds a chunk. */
  async results(id: string): Promise<Readable> {
    await this.get(id);
    return Readable.from(this.resultRows(id));
  }

  private async *resultRows(id: string): AsyncGenerator<string> {
    yield csvRow(['line', 'external_id', 'outcome', 'product_id', 'code', 'pointer', 'message']);
    let after = -1;
    for (
      let chunk = await this.imports.results(id, after);
      chunk;
      chunk = await this.imports.results(id, after)
    ) {
      const faults = new Map<number, typeof chunk.faults>();
      for (const fault of chunk.faults)
        faults.set(fault.ordinal, [...(faults.get(fault.ordinal) ?? []), fault]);
      yield chunk.rows.map((row) => resultRow(row, faults.get(row[0]) ?? [])).join('');
      after = chunk.ordinal;
    }
  }

  private async csvFormat(file: string): Promise<ImportFormat> {
    return isOurHeader(await headerOf(this.files.open(file))) ? 'csv' : 'shopify_csv';
  }

  /** Stops after the chunk that is being written; what is imported stays. */
  async cancel(id: string, actor: Actor): Promise<ImportDto> {
    await this.database.transaction(async () => {
      const found = await this.get(id);
      if (!(await this.imports.cancel(id, this.clock.now())))
        throw importProblems.import_over(`The import is ${found.state}.`);
      this.audit.record({ actor, action: 'catalog.import.canceled', subjectType: 'import', subjectId: id });
    });
    await this.files.remove(id);
    return this.get(id);
  }
}

/** One row of the file with results, or one for each of its faults. */
function resultRow(
  [, line, externalId, outcome, productId]: RowOutcome,
  faults: Pick<ImportErrorDto, 'line' | 'code' | 'pointer' | 'message'>[],
): string {
  const head = (at: number) => [String(at), externalId ?? '', outcome, productId ?? ''];
  if (faults.length === 0) return csvRow([...head(line), '', '', '']);
  return faults
    .map(({ line: at, code, pointer, message }) => csvRow([...head(at), code, pointer, message]))
    .join('');
}

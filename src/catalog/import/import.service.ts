import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { ImportRequested } from '../catalog.events.js';
import type { ImportDto, ImportErrorDto, ImportFormat, StartImportQuery } from './import.dto.js';
import { importProblems } from './import.errors.js';
import { ImportFileStore } from './import-file.store.js';
import { ImportRepository } from './import.repository.js';

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
  ) {}

  /** Keeps the file, `announced` as so many bytes (0: not said), and asks for its import. The file is on disk before the row that names it. */
  async start(
    format: ImportFormat,
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

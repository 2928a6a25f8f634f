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
import { ProgressStreams } from '../../platform/http/progress-streams.js';
import { newId } from '../../platform/ids.js';
import { CategoryRepository } from '../category/category.repository.js';
import { catalogProblems } from '../catalog.errors.js';
import { ExportRequested } from '../catalog.events.js';
import type { ProductExportDto, StartExportDto } from './export.dto.js';
import { exportProblems } from './export.errors.js';
import { type ExportFile, ExportFiles } from './export-files.service.js';
import { ExportRepository } from './export.repository.js';

/** Files with products: asked for here, written by the exporter. */
@Injectable()
export class ExportService {
  constructor(
    private readonly database: Database,
    private readonly exports: ExportRepository,
    private readonly files: ExportFiles,
    private readonly categories: CategoryRepository,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly streams: ProgressStreams,
  ) {}

  /** 422 `catalog.unknown_category` when the filter names none that there is. */
  async start(input: StartExportDto, actor: Actor): Promise<ProductExportDto> {
    const { format, filter = {}, currency = this.config.storeCurrency, linkTemplate = null } = input;
    if (filter.category !== undefined && (await this.categories.idOf(filter.category)) === null)
      throw catalogProblems.unknown_category(undefined, {
        errors: [{ pointer: '/filter/category', code: 'unknown_category', message: 'is not known' }],
      });
    const id = newId();
    return this.database.transaction(async () => {
      await this.exports.add(
        {
          id,
          format,
          filter: { ...filter },
          currency,
          linkTemplate,
          feedId: null,
          requestedBy: personId(actor),
        },
        this.clock.now(),
      );
      this.outbox.record(new ExportRequested({ exportId: id }));
      const details = { format, filter: { ...filter } };
      this.audit.record({
        actor,
        action: 'catalog.export.requested',
        subjectType: 'export',
        subjectId: id,
        details,
      });
      return this.get(id);
    });
  }

  async get(id: string): Promise<ProductExportDto> {
    const found = await this.exports.find(id);
    if (!found) throw platformProblems.not_found();
    return found;
  }

  /** Events about it until it is over. */
  listen(now: ProductExportDto): Readable {
    return this.streams.listen('exports', now, (ids) => this.exports.several(ids));
  }

  async list(limit: number, cursor: string | undefined): Promise<Page<ProductExportDto>> {
    const after = this.cursors.decode('exports', cursor);
    const rows = await this.exports.list(after ? String(after[0]) : null, limit + 1);
    return this.cursors.page('exports', rows, limit, ({ id }) => [id]);
  }

  /** The file; 409 `catalog.export_not_ready` before it is finished and after it has expired. Who loads it is noted. */
  async download(id: string, actor: Actor): Promise<ExportFile> {
    const { state } = await this.get(id);
    const stored = await this.exports.stored(id);
    if (!stored) throw exportProblems.export_not_ready(`The export is ${state}.`);
    await this.database.transaction(async () => {
      this.audit.record({ actor, action: 'catalog.export.downloaded', subjectType: 'export', subjectId: id });
      return Promise.resolve();
    });
    return this.files.fileOf(stored);
  }

  /** Ends it behind the part that is being written, and what is written goes. */
  async cancel(id: string, actor: Actor): Promise<ProductExportDto> {
    return this.database.transaction(async () => {
      const found = await this.get(id);
      if (!(await this.exports.cancel(id, this.clock.now())))
        throw exportProblems.export_over(`The export is ${found.state}.`);
      this.audit.record({ actor, action: 'catalog.export.canceled', subjectType: 'export', subjectId: id });
      return this.get(id);
    });
  }
}

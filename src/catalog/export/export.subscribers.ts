import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { Every, On, Subscriber } from '../../platform/events/subscribers.js';
import { ExportRequested } from '../catalog.events.js';
import { ExportFiles } from './export-files.service.js';
import { ExportRepository } from './export.repository.js';
import { Exporter } from './exporter.service.js';

@Subscriber()
export class ExportSubscribers {
  constructor(
    private readonly exporter: Exporter,
    private readonly exports: ExportRepository,
    private readonly files: ExportFiles,
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** A repeat finds the lease taken or goes on behind the last part. */
  @On(ExportRequested, { queue: 'exports', transactional: false })
  async work({ payload }: ExportRequested): Promise<void> {
    await this.exporter.run(payload.exportId);
  }

  /** A worker that died holds its lease until it runs out; then the export is asked for again. */
  @Every('15s', 'catalog.resume_exports', { time: 'real' })
  async resume(): Promise<void> {
    await this.database.transaction(async () => {
      for (const exportId of await this.exports.abandoned())
        this.outbox.record(new ExportRequested({ exportId }));
    });
  }

  /** Files that are too old, and what is left of those that were canceled. */
  @Every('10m', 'catalog.clear_exports')
  async clear(): Promise<void> {
    await this.exports.expire(this.clock.now());
    await this.files.clear();
  }
}

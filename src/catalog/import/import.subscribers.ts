import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { Every, On, Subscriber } from '../../platform/events/subscribers.js';
import { ImportRequested } from '../catalog.events.js';
import { ImportRepository } from './import.repository.js';
import { Importer } from './importer.service.js';

/** What became of single rows is kept for 30 days. */
const KEPT_MS = 30 * 86_400_000;

@Subscriber()
export class ImportSubscribers {
  constructor(
    private readonly importer: Importer,
    private readonly imports: ImportRepository,
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** In transactions of its own, chunk by chunk; a repeat finds the lease taken or goes on at the checkpoint. */
  @On(ImportRequested, { queue: 'imports', transactional: false })
  async work({ payload }: ImportRequested): Promise<void> {
    await this.importer.run(payload.importId);
  }

  /** A worker that died holds its lease until it runs out; then the import is asked for again. */
  @Every('15s', 'catalog.resume_imports', { time: 'real' })
  async resume(): Promise<void> {
    await this.database.transaction(async () => {
      for (const importId of await this.imports.abandoned())
        this.outbox.record(new ImportRequested({ importId }));
    });
  }

  @Every('6h', 'catalog.forget_import_results')
  async forgetResults(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - KEPT_MS);
    await this.imports.forgetResults(before);
    await this.imports.forgetNames();
  }
}

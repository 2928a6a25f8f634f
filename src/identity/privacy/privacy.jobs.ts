import { Database } from '../../platform/database/database.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { SubjectKeys } from '../../platform/personal-data/subject-keys.js';
import { ErasureRunner } from './erasure-runner.service.js';
import { ExportRepository } from './export.repository.js';
import { ExportRunner } from './export-runner.service.js';

/** Copies that wait to be collected, those that nobody may fetch any more, and people whose days of grace are over. */
@Subscriber()
export class PrivacyJobs {
  constructor(
    private readonly database: Database,
    private readonly exports: ExportRepository,
    private readonly exporter: ExportRunner,
    private readonly eraser: ErasureRunner,
    private readonly keys: SubjectKeys,
  ) {}

  @Every('15s', 'identity.run_exports', { time: 'real' })
  runExports(): Promise<void> {
    return this.exporter.run();
  }

  @Every('5m', 'identity.forget_exports', { time: 'real' })
  async forgetExports(): Promise<void> {
    await this.database.transaction(async () => {
      for (const guest of await this.exports.forget()) await this.keys.destroy(guest);
    });
  }

  @Every('30s', 'identity.run_erasures')
  runErasures(): Promise<void> {
    return this.eraser.run();
  }
}

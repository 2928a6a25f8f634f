import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import type { ReportStatusDto } from './report.dto.js';
import { ReportWriter } from './report-writer.service.js';
import { ReportsRepository } from './reports.repository.js';

/** Staff let all orders be counted again. */
@Injectable()
export class ReportRebuilds {
  constructor(
    private readonly database: Database,
    private readonly writer: ReportWriter,
    private readonly reports: ReportsRepository,
    private readonly audit: Audit,
  ) {}

  status(): Promise<ReportStatusDto> {
    return this.reports.status();
  }

  /** From the beginning, also when it is going on already. */
  ask(actor: Actor): Promise<ReportStatusDto> {
    return this.database.transaction(async () => {
      await this.writer.restart();
      this.audit.record({
        actor,
        action: 'ordering.reports.rebuilt',
        subjectType: 'reports',
        subjectId: 'all',
        details: {},
      });
      return this.reports.status();
    });
  }
}

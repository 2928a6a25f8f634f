import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import type { ReturnSettingsDto } from './return.dto.js';
import type { ReturnSettings } from './return.js';
import { ReturnRepository } from './return.repository.js';

/** By which rule goods may be sent back. */
@Injectable()
export class ReturnSettingsService {
  constructor(
    private readonly database: Database,
    private readonly returns: ReturnRepository,
    private readonly audit: Audit,
  ) {}

  get(): Promise<ReturnSettings> {
    return this.returns.settings();
  }

  /** It holds for what is asked from now on. */
  async put(input: ReturnSettingsDto, version: number | null, actor: Actor): Promise<ReturnSettings> {
    return this.database.transaction(async () => {
      const present = await this.returns.settings();
      requireVersion(version, present.version);
      const { windowDays, approveAtOnce, excludedProducts } = input;
      if (!(await this.returns.saveSettings({ ...present, windowDays, approveAtOnce, excludedProducts })))
        requireVersion(present.version, (await this.returns.settings()).version);
      this.audit.record({
        actor,
        action: 'ordering.return_settings.updated',
        subjectType: 'return_settings',
        subjectId: 'returns',
        details: { windowDays, approveAtOnce, excludedProducts: excludedProducts.length },
      });
      return this.returns.settings();
    });
  }
}

import { Injectable } from '@nestjs/common';
import { CatalogApi } from '../../catalog/catalog.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { SellingRules } from '../selling/selling-rules.js';
import type { TaxSettingsPatch } from './tax-settings.dto.js';
import type { TaxSettings } from './tax-settings.js';
import { TaxRepository } from './tax.repository.js';
import { refuseFaults } from './zone-input.js';

/** How the shop taxes, beyond its zones. Orders keep what they were placed with. */
@Injectable()
export class TaxSettingsService {
  constructor(
    private readonly database: Database,
    private readonly stored: TaxRepository,
    private readonly audit: Audit,
    private readonly rules: SellingRules,
    private readonly catalog: CatalogApi,
  ) {}

  get(): Promise<TaxSettings> {
    return this.stored.settings();
  }

  /** What is left out stays. */
  update(actor: Actor, { origin, ...patch }: TaxSettingsPatch, version: number | null): Promise<TaxSettings> {
    return this.database.transaction(async () => {
      const present = await this.stored.settings(true);
      requireVersion(version, present.version);
      if (patch.shippingTaxClass !== undefined) await this.requireClass(patch.shippingTaxClass);
      const settings: TaxSettings = {
        ...present,
        ...patch,
        ...(origin !== undefined && { origin: origin && placeOf(origin) }),
        version: present.version + 1,
      };
      await this.stored.saveSettings(settings);
      this.audit.record({
        actor,
        action: 'ordering.tax_settings.updated',
        subjectType: 'tax_settings',
        subjectId: 'shop',
        details: settings,
      });
      this.database.afterCommit(() => this.rules.forget());
      return settings;
    });
  }

  private async requireClass(code: string): Promise<void> {
    if ((await this.catalog.knownTaxClasses([code])).has(code)) return;
    refuseFaults([{ pointer: '/shippingTaxClass', code: 'unknown_tax_class', message: 'is not known' }]);
  }
}

const placeOf = ({ country, region, postalCode }: NonNullable<TaxSettingsPatch['origin']>) => ({
  country,
  region: region ?? null,
  postalCode: postalCode ?? null,
});

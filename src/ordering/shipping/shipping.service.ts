import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database, isUniqueViolation } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import { zoneProblems } from '../tax/tax.errors.js';
import { SellingRules } from './selling-rules.js';
import type { ShippingOptionInput, ShippingZoneInput, ShippingZonePatch } from './shipping.dto.js';
import { ShippingRepository } from './shipping.repository.js';
import type { ShippingOption, ShippingZone } from './shipping-zone.js';

/** Shipping zones as staff keep them. Orders keep the option and the price that they were placed with. */
@Injectable()
export class ShippingService {
  constructor(
    private readonly database: Database,
    private readonly zones: ShippingRepository,
    private readonly audit: Audit,
    private readonly rules: SellingRules,
  ) {}

  list(): Promise<ShippingZone[]> {
    return this.zones.all();
  }

  async get(id: string): Promise<ShippingZone> {
    const zone = (await this.zones.all()).find((one) => one.id === id);
    if (!zone) throw platformProblems.not_found();
    return zone;
  }

  async create(actor: Actor, input: ShippingZoneInput): Promise<ShippingZone> {
    const zone = { ...input, options: input.options.map(toOption), id: newId(), version: 1 };
    return this.saving(async () => {
      await this.zones.insert(zone);
      this.record(actor, 'created', zone);
      return zone;
    });
  }

  async update(
    actor: Actor,
    id: string,
    patch: ShippingZonePatch,
    version: number | null,
  ): Promise<ShippingZone> {
    return this.saving(async () => {
      const present = await this.zones.locked(id);
      if (!present) throw platformProblems.not_found();
      requireVersion(version, present.version);
      const zone: ShippingZone = {
        id,
        name: patch.name ?? present.name,
        countries: patch.countries ?? present.countries,
        options: patch.options?.map(toOption) ?? present.options,
        version: present.version + 1,
      };
      await this.zones.update(zone);
      this.record(actor, 'updated', zone);
      return zone;
    });
  }

  async delete(actor: Actor, id: string, version: number | null): Promise<void> {
    await this.saving(async () => {
      const present = await this.zones.locked(id);
      if (!present) throw platformProblems.not_found();
      requireVersion(version, present.version);
      await this.zones.delete(id);
      this.record(actor, 'deleted', present);
    });
  }

  private async saving<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.database.transaction(async () => {
        const result = await work();
        this.database.afterCommit(() => this.rules.forget());
        return result;
      });
    } catch (error) {
      if (isUniqueViolation(error)) throw zoneProblems.zone_conflict();
      throw error;
    }
  }

  private record(actor: Actor, what: string, { id, version, name, countries }: ShippingZone): void {
    this.audit.record({
      actor,
      action: `ordering.shipping_zone.${what}`,
      subjectType: 'shipping_zone',
      subjectId: id,
      details: { name, countries, version },
    });
  }
}

const toOption = ({ id, title, tiers }: ShippingOptionInput): ShippingOption => ({
  id: id ?? newId(),
  title,
  tiers: tiers.map(({ upToGrams, price }) => ({ upToGrams, price: Money.fromJSON(price) })),
});

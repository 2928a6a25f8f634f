import { Injectable } from '@nestjs/common';
import { type Actor } from '../../platform/access/actor.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { present, type RuleDeed, RuleChanges } from '../shipping/rule-changes.service.js';
import type { TaxZoneInput, TaxZonePatch } from './tax.dto.js';
import { zoneProblems } from './tax.errors.js';
import { TaxRepository } from './tax.repository.js';
import type { TaxZone } from './tax-zone.js';

/** Tax zones as staff keep them. Orders keep the rates that they were placed with. */
@Injectable()
export class TaxService {
  constructor(
    private readonly zones: TaxRepository,
    private readonly changes: RuleChanges,
  ) {}

  list(): Promise<TaxZone[]> {
    return this.zones.all();
  }

  async get(id: string): Promise<TaxZone> {
    const zone = (await this.zones.all()).find((one) => one.id === id);
    if (!zone) throw platformProblems.not_found();
    return zone;
  }

  async create(actor: Actor, input: TaxZoneInput): Promise<TaxZone> {
    const zone = { ...input, id: newId(), isDefault: input.isDefault ?? false, version: 1 };
    return this.changes.save(async () => {
      await this.zones.insert(zone);
      this.record(actor, 'created', zone);
      return zone;
    });
  }

  async update(actor: Actor, id: string, patch: TaxZonePatch, version: number | null): Promise<TaxZone> {
    return this.changes.save(async () => {
      const before = present(await this.zones.locked(id), version);
      if (before.isDefault && patch.isDefault === false) throw zoneProblems.default_zone();
      const zone = { ...before, ...patch, version: before.version + 1 };
      await this.zones.update(zone);
      this.record(actor, 'updated', zone);
      return zone;
    });
  }

  async delete(actor: Actor, id: string, version: number | null): Promise<void> {
    await this.changes.save(async () => {
      const before = present(await this.zones.locked(id), version);
      if (before.isDefault) throw zoneProblems.default_zone();
      await this.zones.delete(id);
      this.record(actor, 'deleted', before);
    });
  }

  private record(actor: Actor, what: RuleDeed['what'], { id, ...details }: TaxZone): void {
    this.changes.record(actor, { subject: 'tax_zone', what, id, details });
  }
}

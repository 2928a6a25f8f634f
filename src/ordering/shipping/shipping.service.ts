import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { present, type RuleDeed, RuleChanges } from '../selling/rule-changes.service.js';
import type { ShippingZoneInput, ShippingZonePatch } from './shipping.dto.js';
import { ShippingRepository } from './shipping.repository.js';
import { requireSense, toArea, toOption } from './shipping-input.js';
import type { ShippingZone } from './shipping-zone.js';

/** Shipping zones as staff keep them. Orders keep the option and the price that they were placed with. */
@Injectable()
export class ShippingService {
  constructor(
    private readonly zones: ShippingRepository,
    private readonly changes: RuleChanges,
  ) {}

  list(): Promise<ShippingZone[]> {
    return this.zones.all();
  }

  async get(id: string): Promise<ShippingZone> {
    const zone = (await this.zones.all()).find((one) => one.id === id);
    if (!zone) throw platformProblems.not_found();
    return zone;
  }

  create(actor: Actor, { name, countries, areas = [], options }: ShippingZoneInput): Promise<ShippingZone> {
    requireSense(options, areas);
    return this.changes.save(async () => {
      const zone: ShippingZone = {
        ...{ id: newId(), name, countries },
        areas: areas.map(toArea),
        options: options.map(toOption),
        version: 1,
      };
      await this.zones.insert(zone);
      this.record(actor, 'created', zone);
      return zone;
    });
  }

  update(actor: Actor, id: string, patch: ShippingZonePatch, version: number | null): Promise<ShippingZone> {
    requireSense(patch.options, patch.areas);
    return this.changes.save(async () => {
      const before = present(await this.zones.locked(id), version);
      const zone: ShippingZone = {
        id,
        name: patch.name ?? before.name,
        countries: patch.countries ?? before.countries,
        areas: patch.areas?.map(toArea) ?? before.areas,
        options: patch.options?.map(toOption) ?? before.options,
        version: before.version + 1,
      };
      await this.zones.update(zone);
      this.record(actor, 'updated', zone);
      return zone;
    });
  }

  async delete(actor: Actor, id: string, version: number | null): Promise<void> {
    await this.changes.save(async () => {
      const zone = present(await this.zones.locked(id), version);
      await this.zones.delete(id);
      this.record(actor, 'deleted', zone);
    });
  }

  private record(actor: Actor, what: RuleDeed['what'], zone: ShippingZone): void {
    const { id, name, countries, areas, version } = zone;
    const details = { name, countries, areas: areas.length, version };
    this.changes.record(actor, { subject: 'shipping_zone', what, id, details });
  }
}

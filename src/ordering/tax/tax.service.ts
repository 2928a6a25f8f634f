import { Injectable } from '@nestjs/common';
import { CatalogApi } from '../../catalog/catalog.api.js';
import { type Actor } from '../../platform/access/actor.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { present, type RuleDeed, RuleChanges } from '../selling/rule-changes.service.js';
import type { TaxZoneInput, TaxZonePatch } from './tax.dto.js';
import { zoneProblems } from './tax.errors.js';
import { type TakenPlace, TaxRepository } from './tax.repository.js';
import type { TaxZone } from './tax-zone.js';
import { refuseUnknownClasses, requireSoundZone, toArea, toRate } from './zone-input.js';

/** Tax zones as staff keep them. Orders keep the rates that they were placed with. */
@Injectable()
export class TaxService {
  constructor(
    private readonly zones: TaxRepository,
    private readonly changes: RuleChanges,
    private readonly catalog: CatalogApi,
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
    const zone: TaxZone = {
      ...input,
      id: newId(),
      isDefault: input.isDefault ?? false,
      areas: (input.areas ?? []).map(toArea),
      rates: input.rates.map(toRate),
      version: 1,
    };
    requireSoundZone(zone);
    return this.changes.save(async () => {
      await this.refuseUnknown(input.rates);
      await this.refuseTaken(zone);
      await this.zones.insert(zone);
      this.record(actor, 'created', zone);
      return zone;
    });
  }

  async update(actor: Actor, id: string, patch: TaxZonePatch, version: number | null): Promise<TaxZone> {
    return this.changes.save(async () => {
      const before = present(await this.zones.locked(id), version);
      if (before.isDefault && patch.isDefault === false) throw zoneProblems.default_zone();
      const zone: TaxZone = {
        ...before,
        ...patch,
        areas: patch.areas?.map(toArea) ?? before.areas,
        rates: patch.rates?.map(toRate) ?? before.rates,
        version: before.version + 1,
      };
      requireSoundZone(zone);
      // A class may go while zones still name it: only what is written now has to be there.
      if (patch.rates) await this.refuseUnknown(patch.rates);
      await this.refuseTaken(zone);
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

  private async refuseUnknown(rates: readonly { taxClass: string }[]): Promise<void> {
    const classes = rates.map(({ taxClass }) => taxClass);
    refuseUnknownClasses(rates, await this.catalog.knownTaxClasses(classes));
  }

  /** Says which zone stands in the way; the constraints say no to two who come at once. */
  private async refuseTaken(zone: TaxZone): Promise<void> {
    if (await this.zones.isNameTaken(zone)) {
      throw zoneProblems.zone_conflict('Another tax zone has that name.', {
        errors: [{ pointer: '/name', code: 'taken', message: 'is taken' }],
      });
    }
    const taken = await this.zones.taken(zone);
    const [first] = taken;
    if (!first) return;
    throw zoneProblems.zone_conflict(`${placeOf(first)} belongs to the tax zone ${first.zone}.`, {
      errors: taken.map((place) => ({
        pointer: pointerOf(zone, place),
        code: 'taken',
        message: `belongs to the tax zone ${place.zone}`,
      })),
    });
  }

  private record(actor: Actor, what: RuleDeed['what'], { id, ...details }: TaxZone): void {
    this.changes.record(actor, { subject: 'tax_zone', what, id, details });
  }
}

const placeOf = ({ country, region, postalPrefix }: TakenPlace): string =>
  [country, region, postalPrefix].filter((part) => part !== null).join(' ');

function pointerOf({ countries, areas }: TaxZone, { country, region, postalPrefix }: TakenPlace): string {
  if (region === null && postalPrefix === null) return `/countries/${countries.indexOf(country)}`;
  const index = areas.findIndex(
    (area) => area.country === country && area.region === region && area.postalPrefix === postalPrefix,
  );
  return `/areas/${index}`;
}

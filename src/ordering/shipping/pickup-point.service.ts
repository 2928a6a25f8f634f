import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { addressFaults } from '../../platform/address/address.js';
import type { PickupPoint, PointAddress } from './pickup-point.js';
import type { PickupPointInput, PickupPointPatch, PointAddressDto } from './pickup-point.dto.js';
import { PickupPointRepository, type PointPlace } from './pickup-point.repository.js';
import { shippingProblems } from './shipping.errors.js';
import { present, RuleChanges } from '../selling/rule-changes.service.js';

/** Pickup points as staff keep them. Orders keep the point that they were placed with. */
@Injectable()
export class PickupPoints {
  constructor(
    private readonly points: PickupPointRepository,
    private readonly changes: RuleChanges,
  ) {}

  list(after: Omit<PointPlace, 'nearness'> | null, limit: number): Promise<PickupPoint[]> {
    return this.points.list(after, limit);
  }

  async get(id: string): Promise<PickupPoint> {
    const point = await this.points.find(id);
    if (!point) throw platformProblems.not_found();
    return point;
  }

  create(
    actor: Actor,
    { name, address, openingHours, coordinates, isOpen }: PickupPointInput,
  ): Promise<PickupPoint> {
    refuseOddAddress(address);
    const point: PickupPoint = {
      id: newId(),
      name,
      address: placeOf(address),
      openingHours: openingHours ?? null,
      coordinates: coordinates ?? null,
      isOpen: isOpen ?? true,
      version: 1,
    };
    return this.save(actor, 'created', async () => {
      await this.points.insert(point);
      return point;
    });
  }

  update(actor: Actor, id: string, patch: PickupPointPatch, version: number | null): Promise<PickupPoint> {
    if (patch.address) refuseOddAddress(patch.address);
    return this.save(actor, 'updated', async () => {
      const before = present(await this.points.locked(id), version);
      const point: PickupPoint = {
        ...before,
        ...patch,
        address: patch.address ? placeOf(patch.address) : before.address,
        version: before.version + 1,
      };
      await this.points.update(point);
      return point;
    });
  }

  async delete(actor: Actor, id: string, version: number | null): Promise<void> {
    await this.save(actor, 'deleted', async () => {
      const point = present(await this.points.locked(id), version);
      await this.points.delete(id);
      return point;
    });
  }

  private save(
    actor: Actor,
    what: 'created' | 'updated' | 'deleted',
    work: () => Promise<PickupPoint>,
  ): Promise<PickupPoint> {
    return this.changes.save(async () => {
      const point = await work();
      const { id, name, address, isOpen, version } = point;
      const details = { name, country: address.country, isOpen, version };
      this.changes.record(actor, { subject: 'pickup_point', what, id, details });
      return point;
    }, shippingProblems.pickup_point_taken);
  }
}

const placeOf = ({ line1, line2, city, postalCode, region, country }: PointAddressDto): PointAddress => ({
  line1,
  line2: line2 ?? null,
  city,
  postalCode: postalCode ?? null,
  region: region ?? null,
  country,
});

/** What its country asks of an address is asked of a point, too: zones are chosen by it. */
function refuseOddAddress(address: PointAddressDto): void {
  const errors: FieldError[] = addressFaults({ ...address, firstName: '', lastName: '' }, '/address');
  const [first] = errors;
  if (first) throw platformProblems.invalid_input(`${first.pointer.slice(1)} ${first.message}.`, { errors });
}

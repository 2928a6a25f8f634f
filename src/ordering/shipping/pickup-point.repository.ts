import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { plainCode } from './destination.js';
import type { PickupPoint } from './pickup-point.js';

/** Where a page of points begins: after this one. */
export interface PointPlace {
  nearness: number;
  name: string;
  id: string;
}

/** SQL: the point of that id as JSON, or null. */
export const pointOf = (id: string): string => `
  (SELECT json_build_object('id', p.id, 'name', p.name, 'address', p.address, 'openingHours', p.opening_hours,
    'coordinates', p.coordinates, 'isOpen', p.is_open, 'version', p.version)
    FROM ordering.pickup_points p WHERE p.id = ${id})`;

@Injectable()
export class PickupPointRepository {
  constructor(private readonly database: Database) {}

  /** All points by name, for staff. */
  list(after: Omit<PointPlace, 'nearness'> | null, limit: number): Promise<PickupPoint[]> {
    return this.database.query<PickupPoint>(LIST, [after?.name ?? null, after?.id ?? null, limit]);
  }

  /**
   * Points that are open, in a country or (null) in all, those first whose postal codes have the longest beginning in
   * common with this one.
   */
  near(
    country: string | null,
    postalCode: string | null,
    after: PointPlace | null,
    limit: number,
  ): Promise<(PickupPoint & Pick<PointPlace, 'nearness'>)[]> {
    return this.database.query<PickupPoint & Pick<PointPlace, 'nearness'>>(NEAR, [
      country,
      plainCode(postalCode),
      after?.nearness ?? null,
      after?.name ?? null,
      after?.id ?? null,
      limit,
    ]);
  }

  async find(id: string): Promise<PickupPoint | undefined> {
    const [point] = await this.database.query<PickupPoint>(`${SELECT} WHERE p.id = $1`, [id]);
    return point;
  }

  async locked(id: string): Promise<PickupPoint | undefined> {
    const [point] = await this.database.query<PickupPoint>(`${SELECT} WHERE p.id = $1 FOR UPDATE`, [id]);
    return point;
  }

  async insert(point: PickupPoint): Promise<void> {
    await this.database.execute(INSERT, valuesOf(point));
  }

  async update(point: PickupPoint): Promise<void> {
    await this.database.execute(UPDATE, valuesOf(point));
  }

  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM ordering.pickup_points WHERE id = $1', [id]);
  }
}

const valuesOf = ({
  id,
  name,
  address,
  openingHours,
  coordinates,
  isOpen,
  version,
}: PickupPoint): unknown[] => [
  id,
  name,
  address.country,
  plainCode(address.postalCode),
  JSON.stringify(address),
  openingHours,
  coordinates && JSON.stringify(coordinates),
  isOpen,
  version,
];

const FIELDS = `p.id, p.name, p.address, p.opening_hours AS "openingHours", p.coordinates, p.is_open AS "isOpen", p.version`;
const SELECT = `SELECT ${FIELDS} FROM ordering.pickup_points p`;
const LIST = `
  ${SELECT} WHERE $1::text IS NULL OR (p.name, p.id) > ($1, $2::uuid) ORDER BY p.name, p.id LIMIT $3`;
const NEAR = `
  SELECT * FROM (
    SELECT ${FIELDS}, coalesce((SELECT max(n) FROM generate_series(1, length($2::text)) AS n
      WHERE left(p.postal_key, n) = left($2, n)), 0) AS nearness
    FROM ordering.pickup_points p WHERE p.is_open AND ($1::text IS NULL OR p.country = $1)
  ) p
  WHERE $3::int IS NULL OR p.nearness < $3 OR (p.nearness = $3 AND (p.name, p.id) > ($4, $5::uuid))
  ORDER BY p.nearness DESC, p.name, p.id LIMIT $6`;
const INSERT = `
  INSERT INTO ordering.pickup_points (id, name, country, postal_key, address, opening_hours, coordinates, is_open, version)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;
const UPDATE = `
  UPDATE ordering.pickup_points SET name = $2, country = $3, postal_key = $4, address = $5, opening_hours = $6,
    coordinates = $7, is_open = $8, version = $9 WHERE id = $1`;

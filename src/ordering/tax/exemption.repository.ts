import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Certificate } from './tax-rules.js';

export interface StoredExemption {
  id: string;
  customerId: string;
  number: string;
  jurisdiction: string;
  reason: string;
  validUntil: Date | null;
  createdAt: Date;
  version: number;
}

@Injectable()
export class ExemptionRepository {
  constructor(private readonly database: Database) {}

  /** The newest first. */
  list(customerId: string | null, after: string | null, limit: number): Promise<StoredExemption[]> {
    return this.database.query<StoredExemption>(LIST, [customerId, after, limit]);
  }

  async find(id: string, lock = false): Promise<StoredExemption | undefined> {
    const [row] = await this.database.query<StoredExemption>(
      `${SELECT} WHERE id = $1${lock ? ' FOR UPDATE' : ''}`,
      [id],
    );
    return row;
  }

  async insert(one: StoredExemption): Promise<void> {
    const { id, customerId, number, jurisdiction, reason, validUntil, createdAt } = one;
    await this.database.execute(INSERT, [
      id,
      customerId,
      number,
      jurisdiction,
      reason,
      validUntil,
      createdAt,
    ]);
  }

  async update({ id, number, jurisdiction, reason, validUntil, version }: StoredExemption): Promise<void> {
    await this.database.execute(UPDATE, [id, number, jurisdiction, reason, validUntil, version]);
  }

  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM ordering.tax_exemptions WHERE id = $1', [id]);
  }

  /** As carts have them. */
  certificatesOf(customerId: string): Promise<Certificate[]> {
    return this.database.query<Certificate>(CERTIFICATES, [customerId]);
  }

  async deleteOf(customerId: string): Promise<void> {
    await this.database.execute('DELETE FROM ordering.tax_exemptions WHERE customer_id = $1', [customerId]);
  }
}

const SELECT = `
  SELECT id, customer_id AS "customerId", number, jurisdiction, reason, valid_until AS "validUntil",
    created_at AS "createdAt", version
  FROM ordering.tax_exemptions`;
const LIST = `${SELECT}
  WHERE ($1::uuid IS NULL OR customer_id = $1) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`;
const INSERT = `
  INSERT INTO ordering.tax_exemptions (id, customer_id, number, jurisdiction, reason, valid_until, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`;
const UPDATE = `
  UPDATE ordering.tax_exemptions SET number = $2, jurisdiction = $3, reason = $4, valid_until = $5, version = $6
  WHERE id = $1`;
const CERTIFICATES = `
  SELECT number, jurisdiction, reason, to_json(valid_until) #>> '{}' AS "validUntil" FROM ordering.tax_exemptions
  WHERE customer_id = $1 ORDER BY id`;

import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { instantSql } from '../../platform/database/instant.js';
import type { Attribute, Narrowing } from './attribute.js';
import { FORGET_TEXTS } from '../translation/translation.sql.js';

export interface ProductType {
  id: string;
  code: string;
  title: string;
  attributes: Attribute[];
  version: number;
  createdAt: string;
  updatedAt: string;
}

/** Types of products in PostgreSQL. */
@Injectable()
export class ProductTypeRepository {
  constructor(private readonly database: Database) {}

  /**
   * Keeps all types as they are until the commit: whoever writes attributes of products says so before any product is
   * locked, as those do who change a type.
   */
  async keep(): Promise<void> {
    await this.database.execute('LOCK TABLE catalog.product_types IN ROW EXCLUSIVE MODE');
  }

  /** One writer of types at a time, and no product gets attributes meanwhile. */
  async lock(): Promise<void> {
    await this.database.execute('LOCK TABLE catalog.product_types IN SHARE ROW EXCLUSIVE MODE');
  }

  /** The newest first. */
  list(after: string | null, limit: number): Promise<ProductType[]> {
    return this.database.query(
      `${VIEW} WHERE $1::uuid IS NULL OR t.id < $1::uuid ORDER BY t.id DESC LIMIT $2`,
      [after, limit],
    );
  }

  async find(id: string): Promise<ProductType | null> {
    const [row] = await this.database.query<ProductType>(`${VIEW} WHERE t.id = $1`, [id]);
    return row ?? null;
  }

  /** Those of these codes that there are. */
  async byCodes(codes: string[]): Promise<Map<string, ProductType>> {
    if (codes.length === 0) return new Map();
    const rows = await this.database.query<ProductType>(`${VIEW} WHERE t.code = ANY ($1::text[])`, [codes]);
    return new Map(rows.map((type) => [type.code, type]));
  }

  /** False when the code is taken. */
  async insert({ id, code, title, attributes }: Omit<ProductType, 'version' | 'createdAt' | 'updatedAt'>) {
    const made = await this.database.execute(
      `INSERT INTO catalog.product_types (id, code, title) VALUES ($1, $2, $3)
       ON CONFLICT ON CONSTRAINT product_types_code_key DO NOTHING`,
      [id, code, title],
    );
    if (made === 1) await this.setAttributes(id, attributes);
    return made === 1;
  }

  async update({ id, title, attributes }: ProductType): Promise<void> {
    await this.database.execute(
      'UPDATE catalog.product_types SET title = $2, version = version + 1, updated_at = now() WHERE id = $1',
      [id, title],
    );
    await this.setAttributes(id, attributes);
  }

  /** What was archived for good loses the type with it. */
  async delete({ id, code }: ProductType): Promise<void> {
    await this.database.execute(
      `UPDATE catalog.products SET product_type = NULL WHERE product_type = $1 AND status = 'archived'`,
      [code],
    );
    await this.database.execute('DELETE FROM catalog.product_types WHERE id = $1', [id]);
    await this.database.execute(FORGET_TEXTS, [id]);
  }

  /** Ids of the products of a type that are not archived. */
  async products(code: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `SELECT id FROM catalog.products WHERE product_type = $1 AND status <> 'archived' ORDER BY id`,
      [code],
    );
    return rows.map(({ id }) => id);
  }

  /** How many products of a type each of these would hit, and how many all of them together. */
  async hit(code: string, narrowings: Narrowing[]): Promise<{ each: number[]; all: number }> {
    const values: unknown[] = [code];
    const conditions = narrowings.map((narrowing) => {
      const name = `$${values.push(narrowing.code)}::text`;
      if (narrowing.kind === 'required') return `NOT attributes ? ${name}`;
      if (narrowing.kind !== 'options') return `attributes ? ${name}`;
      return `attributes -> ${name} ?| $${values.push(narrowing.values)}::text[]`;
    });
    const [row] = await this.database.query<{ each: number[]; all: number }>(
      `SELECT ARRAY[${conditions.map((one) => `count(*) FILTER (WHERE ${one})`).join(', ')}]::int[] AS each,
         count(*) FILTER (WHERE ${conditions.map((one) => `coalesce(${one}, false)`).join(' OR ')})::int AS all
       FROM catalog.products WHERE product_type = $1 AND status <> 'archived'`,
      values,
    );
    return row ?? { each: [], all: 0 };
  }

  private async setAttributes(id: string, attributes: Attribute[]): Promise<void> {
    await this.database.execute(
      'DELETE FROM catalog.product_type_attributes WHERE type_id = $1 AND code <> ALL ($2::text[])',
      [id, attributes.map(({ code }) => code)],
    );
    await this.database.execute(SET_ATTRIBUTES, [id, JSON.stringify(attributes)]);
  }
}

const VIEW = `
  SELECT t.id, t.code, t.title, t.version, ${instantSql('t.created_at')} AS "createdAt", ${instantSql('t.updated_at')} AS "updatedAt",
    coalesce((
      SELECT json_agg(json_build_object('code', a.code, 'label', a.label, 'kind', a.kind, 'unit', a.unit, 'options', a.options,
        'required', a.required, 'facet', a.facet, 'multiple', a.multiple) ORDER BY a.position)
      FROM catalog.product_type_attributes a WHERE a.type_id = t.id), '[]') AS attributes
  FROM catalog.product_types t`;
const SET_ATTRIBUTES = `
  INSERT INTO catalog.product_type_attributes (type_id, position, code, label, kind, unit, options, required, facet, multiple)
  SELECT $1, e.n, r.code, r.label, r.kind, r.unit, r.options, r.required, r.facet, r.multiple
  FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY e (value, n) CROSS JOIN LATERAL jsonb_to_record(e.value) AS r (
    code text, label text, kind text, unit text, options jsonb, required boolean, facet boolean, multiple boolean)
  ON CONFLICT ON CONSTRAINT product_type_attributes_pk DO UPDATE SET position = excluded.position, label = excluded.label,
    kind = excluded.kind, unit = excluded.unit, options = excluded.options, required = excluded.required,
    facet = excluded.facet, multiple = excluded.multiple`;

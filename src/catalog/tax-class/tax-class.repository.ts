import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface TaxClass {
  code: string;
  title: string;
}

@Injectable()
export class TaxClassRepository {
  constructor(private readonly database: Database) {}

  all(): Promise<TaxClass[]> {
    return this.database.query<TaxClass>('SELECT code, title FROM catalog.tax_classes ORDER BY code');
  }

  /** Those of these codes that there are. */
  async known(codes: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ code: string }>(
      'SELECT code FROM catalog.tax_classes WHERE code = ANY ($1)',
      [codes],
    );
    return new Set(rows.map(({ code }) => code));
  }

  /** False when there is one of that code. */
  async insert({ code, title }: TaxClass): Promise<boolean> {
    const insert = 'INSERT INTO catalog.tax_classes (code, title) VALUES ($1, $2) ON CONFLICT DO NOTHING';
    return (await this.database.execute(insert, [code, title])) === 1;
  }

  /** False when there is none of that code; a foreign key violation when products have it. */
  async delete(code: string): Promise<boolean> {
    return (await this.database.execute('DELETE FROM catalog.tax_classes WHERE code = $1', [code])) === 1;
  }
}

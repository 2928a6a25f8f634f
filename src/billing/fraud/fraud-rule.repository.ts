import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Conditions, FraudRule, RuleMode, ScreeningOutcome } from './fraud-rule.js';

interface Row {
  id: string;
  name: string;
  mode: RuleMode;
  outcome: ScreeningOutcome;
  priority: number;
  conditions: Conditions;
  active_since: Date | null;
  archived_at: Date | null;
  version: number;
  created_at: Date;
}

/** Rules of the screening. Whoever writes one counts the set on, so that every process reads it anew. */
@Injectable()
export class FraudRuleRepository {
  constructor(private readonly database: Database) {}

  /** Those that look at attempts, the highest priority first. */
  async active(): Promise<FraudRule[]> {
    const rows = await this.database.query<Row>(
      `SELECT * FROM billing.fraud_rules WHERE mode <> 'off' AND archived_at IS NULL ORDER BY priority DESC, id`,
    );
    return rows.map(toRule);
  }

  async setVersion(): Promise<number> {
    const [row] = await this.database.query<{ version: number }>(
      'SELECT version FROM billing.fraud_rule_set',
    );
    return row?.version ?? 0;
  }

  /** The newest first, from behind `after`. */
  async list(
    { mode, archived }: { mode: RuleMode | null; archived: boolean },
    after: string | null,
    limit: number,
  ): Promise<FraudRule[]> {
    const rows = await this.database.query<Row>(
      `SELECT * FROM billing.fraud_rules
        WHERE ($1::text IS NULL OR mode = $1) AND (archived_at IS NOT NULL) = $2 AND ($3::uuid IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $4`,
      [mode, archived, after, limit],
    );
    return rows.map(toRule);
  }

  async find(id: string): Promise<FraudRule | null> {
    const [row] = await this.database.query<Row>('SELECT * FROM billing.fraud_rules WHERE id = $1', [id]);
    return row ? toRule(row) : null;
  }

  /** One that is not archived, locked. */
  async lock(id: string): Promise<FraudRule | null> {
    const [row] = await this.database.query<Row>(
      'SELECT * FROM billing.fraud_rules WHERE id = $1 AND archived_at IS NULL FOR UPDATE',
      [id],
    );
    return row ? toRule(row) : null;
  }

  /** Makes it, or writes it over. */
  async save(rule: FraudRule): Promise<void> {
    await this.database.execute(
      `WITH set AS (UPDATE billing.fraud_rule_set SET version = version + 1)
       INSERT INTO billing.fraud_rules (id, name, mode, outcome, priority, conditions, active_since, archived_at, version, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (id) DO UPDATE SET name = $2, mode = $3, outcome = $4, priority = $5, conditions = $6, active_since = $7,
         archived_at = $8, version = $9`,
      [
        rule.id,
        rule.name,
        rule.mode,
        rule.outcome,
        rule.priority,
        JSON.stringify(rule.conditions),
        rule.activeSince,
        rule.archivedAt,
        rule.version,
        rule.createdAt,
      ],
    );
  }
}

const toRule = (row: Row): FraudRule => ({
  id: row.id,
  name: row.name,
  mode: row.mode,
  outcome: row.outcome,
  priority: row.priority,
  conditions: row.conditions,
  activeSince: row.active_since,
  archivedAt: row.archived_at,
  version: row.version,
  createdAt: row.created_at,
});

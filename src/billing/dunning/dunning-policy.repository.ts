import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { DunningPolicy } from './dunning-policy.js';

@Injectable()
export class DunningPolicyRepository {
  constructor(private readonly database: Database) {}

  /** The policy that collections begin with. */
  async default(): Promise<DunningPolicy> {
    const [row] = await this.database.query<DunningPolicy>(`${SELECT} WHERE is_default`);
    if (row === undefined) throw new Error('there is no default dunning policy');
    return row;
  }

  async find(id: string): Promise<DunningPolicy | null> {
    const [row] = await this.database.query<DunningPolicy>(`${SELECT} WHERE id = $1`, [id]);
    return row ?? null;
  }

  /** All of them, locked: one of them is the default, whoever changes which at once. */
  lockAll(): Promise<DunningPolicy[]> {
    return this.database.query<DunningPolicy>(`${SELECT} ORDER BY id FOR UPDATE`);
  }

  /** All of them, the oldest first. */
  list(): Promise<DunningPolicy[]> {
    return this.database.query<DunningPolicy>(`${SELECT} ORDER BY created_at, id`);
  }

  /** New, or changed, under `lockAll`; when it is the default the one before is not any more. */
  async save(policy: DunningPolicy): Promise<void> {
    if (policy.isDefault)
      await this.database.execute(
        'UPDATE billing.dunning_policies SET is_default = false, version = version + 1 WHERE is_default AND id <> $1',
        [policy.id],
      );
    await this.database.execute(SAVE, [
      policy.id,
      policy.name,
      policy.retryDays,
      policy.endAction,
      policy.restrictAfterDays,
      policy.blockAfterDays,
      policy.cancelAfterDays,
      policy.isDefault,
      policy.version,
      policy.createdAt,
      policy.updatedAt,
    ]);
  }
}

const SELECT = `
  SELECT id, name, retry_days AS "retryDays", end_action AS "endAction", restrict_after_days AS "restrictAfterDays",
    block_after_days AS "blockAfterDays", cancel_after_days AS "cancelAfterDays", is_default AS "isDefault", version,
    created_at AS "createdAt", updated_at AS "updatedAt"
  FROM billing.dunning_policies`;
const SAVE = `
  INSERT INTO billing.dunning_policies (id, name, retry_days, end_action, restrict_after_days, block_after_days, cancel_after_days,
    is_default, version, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  ON CONFLICT (id) DO UPDATE SET name = excluded.name, retry_days = excluded.retry_days, end_action = excluded.end_action,
    restrict_after_days = excluded.restrict_after_days, block_after_days = excluded.block_after_days,
    cancel_after_days = excluded.cancel_after_days, is_default = excluded.is_default, version = excluded.version,
    updated_at = excluded.updated_at`;

import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { Conditions, FraudRule, RuleMode } from './fraud-rule.js';
import { type CreateFraudRuleDto, FraudRuleDto, type UpdateFraudRuleDto } from './fraud-rule.dto.js';
import { FraudRuleRepository } from './fraud-rule.repository.js';
import { requireSound } from './sound-rule.js';

/** Rules as staff keep them. A change holds for the next attempt, in every process. */
@Injectable()
export class FraudRules {
  constructor(
    private readonly database: Database,
    private readonly rows: FraudRuleRepository,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  /** The newest first. */
  async list(
    filter: { mode: RuleMode | null; archived: boolean },
    after: string | null,
    limit: number,
  ): Promise<FraudRuleDto[]> {
    return (await this.rows.list(filter, after, limit)).map((rule) => FraudRuleDto.from(rule));
  }

  /** Archived ones too: screenings name them. */
  async get(id: string): Promise<FraudRuleDto> {
    const rule = await this.rows.find(id);
    if (rule === null) throw platformProblems.not_found();
    return FraudRuleDto.from(rule);
  }

  create(input: CreateFraudRuleDto, actor: Actor): Promise<FraudRuleDto> {
    const now = this.clock.now();
    const { name, outcome, mode = 'shadow', priority = 0 } = input;
    const rule: FraudRule = {
      ...{ id: newId(), name, mode, outcome, priority, conditions: plain(input.conditions) },
      ...{ activeSince: mode === 'off' ? null : now, archivedAt: null, version: 1, createdAt: now },
    };
    requireSound(rule);
    return this.database.transaction(() => this.finish(rule, 'created', actor));
  }

  update(id: string, input: UpdateFraudRuleDto, version: number | null, actor: Actor): Promise<FraudRuleDto> {
    return this.change(id, version, actor, 'updated', (rule) => {
      const mode = input.mode ?? rule.mode;
      const conditions = input.conditions ? plain(input.conditions) : rule.conditions;
      const activeSince = mode === 'off' ? null : (rule.activeSince ?? this.clock.now());
      const { name = rule.name, outcome = rule.outcome, priority = rule.priority } = input;
      return { ...rule, name, outcome, priority, mode, conditions, activeSince };
    });
  }

  /** It looks at nothing any more. */
  async archive(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.change(id, version, actor, 'archived', (rule) => ({
      ...rule,
      ...{ mode: 'off', activeSince: null, archivedAt: this.clock.now() },
    }));
  }

  private change(
    id: string,
    version: number | null,
    actor: Actor,
    deed: string,
    next: (rule: FraudRule) => FraudRule,
  ): Promise<FraudRuleDto> {
    return this.database.transaction(async () => {
      const rule = await this.rows.lock(id);
      if (rule === null) throw platformProblems.not_found();
      requireVersion(version, rule.version);
      const changed = { ...next(rule), version: rule.version + 1 };
      requireSound(changed);
      return this.finish(changed, deed, actor);
    });
  }

  private async finish(rule: FraudRule, deed: string, actor: Actor): Promise<FraudRuleDto> {
    await this.rows.save(rule);
    const { id, name, mode, outcome, priority, conditions } = rule;
    this.audit.record({
      actor,
      action: `billing.fraud_rule.${deed}`,
      subjectType: 'fraud_rule',
      subjectId: id,
      details: { name, mode, outcome, priority, conditions },
    });
    return FraudRuleDto.from(rule);
  }
}

/** What was said, and nothing of what was left out. */
export const plain = (conditions: object): Conditions => JSON.parse(JSON.stringify(conditions)) as Conditions;

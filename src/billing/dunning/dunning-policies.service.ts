import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { DunningPolicy } from './dunning-policy.js';
import type { CreateDunningPolicyDto, UpdateDunningPolicyDto } from './dunning-policy.dto.js';
import { DunningPolicyRepository } from './dunning-policy.repository.js';

/** By which rules invoices are collected. What is under way ends by the rules that it began with. */
@Injectable()
export class DunningPolicies {
  constructor(
    private readonly database: Database,
    private readonly rows: DunningPolicyRepository,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  list(): Promise<DunningPolicy[]> {
    return this.rows.list();
  }

  /** 404 when there is none. */
  async get(id: string): Promise<DunningPolicy> {
    const policy = await this.rows.find(id);
    if (policy === null) throw platformProblems.not_found();
    return policy;
  }

  /** 400 names what does not rise. It is not the default. */
  async create(input: CreateDunningPolicyDto, actor: Actor): Promise<DunningPolicy> {
    const now = this.clock.now();
    const { cancelAfterDays = null, ...rest } = input;
    const policy: DunningPolicy = {
      ...{ ...rest, id: newId(), cancelAfterDays, isDefault: false, version: 1 },
      ...{ createdAt: now, updatedAt: now },
    };
    requireSense(policy);
    return this.database.transaction(async () => {
      await this.rows.save(policy);
      this.record(actor, 'created', policy);
      return policy;
    });
  }

  /** What is left out stays. 400 names what does not rise, or that the default cannot be taken away. */
  async update(
    id: string,
    input: UpdateDunningPolicyDto,
    version: number | null,
    actor: Actor,
  ): Promise<DunningPolicy> {
    return this.database.transaction(async () => {
      const present = (await this.rows.lockAll()).find((each) => each.id === id);
      if (present === undefined) throw platformProblems.not_found();
      requireVersion(version, present.version);
      if (present.isDefault && input.isDefault === false)
        throw refused([
          {
            pointer: '/isDefault',
            code: 'required',
            message: 'must stay: make another one the default instead',
          },
        ]);
      const said = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
      const policy: DunningPolicy = {
        ...present,
        ...said,
        version: present.version + 1,
        updatedAt: this.clock.now(),
      };
      requireSense(policy);
      await this.rows.save(policy);
      this.record(actor, 'updated', policy);
      return policy;
    });
  }

  private record(
    actor: Actor,
    what: string,
    { id, version: _, createdAt: __, updatedAt: ___, ...rest }: DunningPolicy,
  ) {
    this.audit.record({
      ...{ actor, action: `billing.dunning_policy.${what}`, subjectType: 'dunning_policy', subjectId: id },
      details: rest,
    });
  }
}

const refused = (errors: FieldError[]) => platformProblems.invalid_input(undefined, { errors });

function requireSense({
  retryDays,
  restrictAfterDays,
  blockAfterDays,
  cancelAfterDays,
}: DunningPolicy): void {
  const faults: FieldError[] = [];
  if (retryDays.some((day, index) => day <= (retryDays[index - 1] ?? 0)))
    faults.push({
      pointer: '/retryDays',
      code: 'not_rising',
      message: 'must hold later days behind earlier ones',
    });
  if (blockAfterDays < restrictAfterDays)
    faults.push({
      pointer: '/blockAfterDays',
      code: 'too_low',
      message: 'must not be before restrictAfterDays',
    });
  if (cancelAfterDays !== null && cancelAfterDays < blockAfterDays)
    faults.push({
      pointer: '/cancelAfterDays',
      code: 'too_low',
      message: 'must not be before blockAfterDays',
    });
  if (faults.length > 0) throw refused(faults);
}

import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database, isUniqueViolation } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems, type Problem } from '../../platform/http/problem.js';
import { zoneProblems } from '../tax/tax.errors.js';
import { SellingRules } from './selling-rules.js';

interface Versioned {
  version: number;
}

/** What staff did to a rule, for the trail: `action` is `ordering.{subject}.{what}`. */
export interface RuleDeed {
  subject: string;
  what: 'created' | 'updated' | 'deleted';
  id: string;
  details: object;
}

/** How every rule of selling is changed: in one transaction, on the trail, and seen at once by this process. */
@Injectable()
export class RuleChanges {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly rules: SellingRules,
  ) {}

  /** Runs the block and forgets the rules that are kept. 409 `conflict` when a UNIQUE constraint refuses it. */
  async save<T>(work: () => Promise<T>, conflict: () => Problem = zoneProblems.zone_conflict): Promise<T> {
    try {
      return await this.database.transaction(async () => {
        const result = await work();
        this.database.afterCommit(() => this.rules.forget());
        return result;
      });
    } catch (error) {
      if (isUniqueViolation(error)) throw conflict();
      throw error;
    }
  }

  record(actor: Actor, { subject, what, id, details }: RuleDeed): void {
    this.audit.record({
      actor,
      action: `ordering.${subject}.${what}`,
      subjectType: subject,
      subjectId: id,
      details,
    });
  }
}

/** What was locked to be changed: 404 when there is none, 412 when it is not the version that the caller has read. */
export function present<T extends Versioned>(rule: T | undefined, version: number | null): T {
  if (!rule) throw platformProblems.not_found();
  requireVersion(version, rule.version);
  return rule;
}

import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { CHART, chartAccountOf } from '../ledger/chart.js';
import { AccountMappingDto, type AccountMappingInput } from './account-mapping.dto.js';
import { AccountMappingRepository } from './account-mapping.repository.js';

/** How the accountant numbers the accounts, as staff set it. */
@Injectable()
export class AccountMappings {
  constructor(
    private readonly database: Database,
    private readonly rows: AccountMappingRepository,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  async get(): Promise<AccountMappingDto> {
    return AccountMappingDto.from(await this.rows.find());
  }

  /** All of it anew. 400 names accounts that there are not, or that stand there twice. */
  async replace(
    input: AccountMappingInput,
    version: number | null,
    actor: Actor,
  ): Promise<AccountMappingDto> {
    const errors = faultsOf(input);
    if (errors.length > 0) throw platformProblems.invalid_input(undefined, { errors });
    const accounts = input.accounts.map(({ account, number, taxKey = null }) => ({
      account,
      number,
      taxKey,
    }));
    return this.database.transaction(async () => {
      const present = await this.rows.find();
      requireVersion(version, present.version);
      const mapping = { ...input, chart: input.chart ?? null, accounts };
      if (!(await this.rows.save(mapping, present.version, this.clock.now())))
        throw platformProblems.stale_version();
      const action = 'billing.account_mapping.updated';
      this.audit.record({
        actor,
        action,
        subjectType: 'account_mapping',
        subjectId: 'shop',
        details: mapping,
      });
      return this.get();
    });
  }
}

function faultsOf({ accounts, accountLength }: AccountMappingInput): FieldError[] {
  const seen = new Set<string>();
  return accounts.flatMap(({ account, number }, at): FieldError[] => {
    const pointer = `/accounts/${at}`;
    const isKnown = CHART.some(({ code }) => code === account) || chartAccountOf(account) !== null;
    const isTwice = seen.has(account);
    seen.add(account);
    return [
      ...(isKnown
        ? []
        : [{ pointer: `${pointer}/account`, code: 'unknown', message: 'must be an account of the chart' }]),
      ...(isTwice
        ? [{ pointer: `${pointer}/account`, code: 'duplicate', message: 'must stand there once' }]
        : []),
      ...(number.length > accountLength + 1
        ? [
            {
              pointer: `${pointer}/number`,
              code: 'too_long',
              message: 'must not have more digits than `accountLength` and one',
            },
          ]
        : []),
    ];
  });
}

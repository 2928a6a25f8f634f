import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import { DunningPolicies } from './dunning-policies.service.js';
import { DunningSimulationDto, type SimulateDunningDto } from './dunning-policy.dto.js';
import { simulate } from './simulation.js';
import { SimulationRepository } from './simulation.repository.js';

const MOST = 20_000;
const DEFAULT_MS = 180 * 86_400_000;

/** What a policy would have made of past declines; nothing is changed. */
@Injectable()
export class DunningSimulations {
  constructor(
    private readonly policies: DunningPolicies,
    private readonly rows: SimulationRepository,
    private readonly clock: Clock,
  ) {}

  /** 404 for a policy that is not there, 400 when the time ends before it begins. */
  async run(policyId: string, { from, to, attemptFee }: SimulateDunningDto): Promise<DunningSimulationDto> {
    const policy = await this.policies.get(policyId);
    const until = to === undefined ? this.clock.now() : new Date(to);
    const since = from === undefined ? new Date(until.getTime() - DEFAULT_MS) : new Date(from);
    if (since >= until)
      throw platformProblems.invalid_input(undefined, {
        errors: [{ pointer: '/from', code: 'too_late', message: 'must be before `to`' }],
      });
    const past = await this.rows.past(since, until, MOST + 1);
    const simulated = simulate(past.slice(0, MOST), policy.retryDays);
    const fees = attemptFee ? Money.fromJSON(attemptFee).times(simulated.avoided).toJSON() : null;
    return DunningSimulationDto.from(simulated, fees, past.length > MOST);
  }
}

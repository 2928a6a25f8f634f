import { Injectable } from '@nestjs/common';
import { currentRequest } from '../../platform/http/request-context.js';
import { FraudScreen } from './fraud-screen.service.js';
import type { ScreeningOutcome } from './fraud-rule.js';
import { ScreeningFacts } from './screening-facts.js';
import { ScreeningRepository } from './screening.repository.js';

/** Looks at methods that are about to be kept: a gateway tells there whether a card is good, as it does where one pays. */
@Injectable()
export class SetupScreen {
  constructor(
    private readonly screening: FraudScreen,
    private readonly rows: ScreeningRepository,
    private readonly facts: ScreeningFacts,
  ) {}

  /** In the transaction that writes the set-up down. */
  async begin(setupId: string, who: { customerId: string; token: string }, now: Date): Promise<void> {
    await this.rows.add(setupId, this.facts.method(currentRequest()?.caller ?? null, who), now);
  }

  /** What is to be done with it; asking again answers the same. */
  async screen(setupId: string): Promise<ScreeningOutcome> {
    return this.screening.screen(setupId, await this.rows.find(setupId), null);
  }

  /** Whether a method that is not kept is counted as a failure; one that was blocked never is. */
  async judge(setupId: string, isFailure: boolean): Promise<void> {
    await this.rows.judge(setupId, isFailure);
  }

  /** In the caller's transaction: the method is kept, and the gateway says which card it is. */
  async succeeded(setupId: string, fingerprint: string | null): Promise<void> {
    await this.rows.succeeded(setupId, this.facts.digest('card', fingerprint));
  }
}

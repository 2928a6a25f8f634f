import { system } from '../platform/access/actor.js';
import { Every, Subscriber } from '../platform/events/subscribers.js';
import { AccountIndexRepository } from './account/account-index.repository.js';
import { ChallengeRepository } from './factor/challenge.repository.js';
import { FactorResetService } from './factor-reset/factor-reset.service.js';
import { FactorRepository } from './factor/factor.repository.js';
import { TotpSecrets } from './factor/totp-secrets.service.js';
import { LinkRepository } from './link/link.repository.js';
import { ProviderFlowRepository } from './provider/provider-flow.repository.js';
import { ThrottleRepository } from './throttle/throttle.repository.js';
import { KeyRing } from './token/key-ring.service.js';
import { KeyRotation } from './token/key-rotation.service.js';
import { RevokedTokenRepository } from './token/revoked-token.repository.js';

/** Identity's own chores. */
@Subscriber()
export class IdentityJobs {
  constructor(
    private readonly throttles: ThrottleRepository,
    private readonly links: LinkRepository,
    private readonly challenges: ChallengeRepository,
    private readonly factors: FactorRepository,
    private readonly flows: ProviderFlowRepository,
    private readonly rotation: KeyRotation,
    private readonly revoked: RevokedTokenRepository,
    private readonly resets: FactorResetService,
    private readonly ring: KeyRing,
    private readonly totps: TotpSecrets,
    private readonly indexes: AccountIndexRepository,
  ) {}

  @Every('1h', 'identity.forget_counters', { time: 'real' })
  forgetCounters(): Promise<number> {
    return this.throttles.forgetOld();
  }

  @Every('1h', 'identity.forget_challenges', { time: 'real' })
  forgetChallenges(): Promise<number> {
    return this.challenges.forgetOld();
  }

  @Every('1d', 'identity.forget_pending_factors', { time: 'real' })
  forgetPendingFactors(): Promise<number> {
    return this.factors.forgetPending();
  }

  @Every('1d', 'identity.forget_links', { time: 'real' })
  forgetLinks(): Promise<number> {
    return this.links.forgetOld();
  }

  @Every('1h', 'identity.forget_flows', { time: 'real' })
  forgetFlows(): Promise<number> {
    return this.flows.forgetOld();
  }

  @Every('1d', 'identity.forget_tokens', { time: 'real' })
  forgetTokens(): Promise<number> {
    return this.revoked.forgetOld();
  }

  @Every('5m', 'identity.reset_factors', { time: 'real' })
  resetFactors(): Promise<void> {
    return this.resets.runDue();
  }

  /** While SECRET_KEY is being replaced: what lies sealed is sealed with the new one. Passwords follow at each sign-in. */
  @Every('1m', 'identity.seal_anew', { time: 'real' })
  async sealAnew(): Promise<void> {
    await this.ring.sealAnew();
    await this.totps.sealAnew();
    await this.indexes.renew();
  }

  /** Often, so that keys go soon after their last token; one signs for thirty days all the same. */
  @Every('5m', 'identity.rotate_signing_keys', { time: 'real' })
  rotateKeys(): Promise<void> {
    return this.rotation.runDue(system('identity'));
  }
}

import { Injectable } from '@nestjs/common';
import { Audit } from '../../platform/audit/audit.js';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import type { Credentials } from '../account/account.repository.js';
import { FactorResetService } from '../factor-reset/factor-reset.service.js';
import { ClosingAccounts } from '../privacy/closing-accounts.service.js';
import { deviceToken, isKnownDevice } from './device-token.js';
import { type Device, SessionService, type Tokens } from './session.service.js';

export interface SignedIn extends Tokens {
  /** To be sent with the next sign-in: a device that is known is not kept waiting by the failures of strangers. */
  deviceToken: string;
  /** Until it is changed, the access token serves for nothing else. */
  passwordChangeRequired: boolean;
}

/** Where everybody comes in who has proved enough, by whatever ways. */
@Injectable()
export class Entrance {
  private readonly deviceKey: Buffer;

  constructor(
    private readonly sessions: SessionService,
    private readonly resets: FactorResetService,
    private readonly closing: ClosingAccounts,
    private readonly audit: Audit,
    config: Config,
  ) {
    this.deviceKey = config.key('device-token');
  }

  /** In the caller's transaction, which holds the account's row. `methods` as RFC 8176 names them. */
  async open(account: Credentials, device: Device, methods: readonly string[]): Promise<SignedIn> {
    this.audit.record({
      actor: { kind: 'system', name: 'identity' },
      action: 'identity.session.started',
      subjectType: 'account',
      subjectId: account.id,
      details: { methods },
    });
    await this.resets.cameIn(account.id, methods);
    if (account.kind === 'customer') await this.closing.keep(account);
    return {
      ...(await this.sessions.open(account.id, account.kind, device, methods)),
      deviceToken: deviceToken(this.deviceKey, account.email, realNow()),
      passwordChangeRequired: account.mustChangePassword,
    };
  }

  /** Somebody has come in with this address from this device before. */
  knows(email: string, token: string | undefined): boolean {
    return isKnownDevice(this.deviceKey, email, token ?? '', realNow());
  }
}

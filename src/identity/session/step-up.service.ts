import { Injectable } from '@nestjs/common';
import type { PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { type GivenCode, SecondFactor } from '../factor/second-factor.service.js';
import { FactorResetService } from '../factor-reset/factor-reset.service.js';
import { identityProblems } from '../identity.errors.js';
import { Assertions } from '../passkey/assertion.service.js';
import type { CredentialProofDto } from '../passkey/passkey.dto.js';
import { PresentPassword } from '../password/present-password.service.js';
import { type AccessToken, SessionService } from './session.service.js';

interface GivenProof extends GivenCode {
  password?: string;
  /** What a passkey signed. */
  credential?: CredentialProofDto;
}

/** Proving once more who one is, in a session that goes on: what sensitive operations ask for. */
@Injectable()
export class StepUpService {
  constructor(
    private readonly database: Database,
    private readonly passwords: PresentPassword,
    private readonly secondFactor: SecondFactor,
    private readonly assertions: Assertions,
    private readonly sessions: SessionService,
    private readonly resets: FactorResetService,
    private readonly audit: Audit,
  ) {}

  /** An access token whose proof is of now. One way is given. */
  async prove(actor: PersonActor, given: GivenProof): Promise<AccessToken> {
    const methods = await this.methodsShown(actor.id, given);
    return this.database.transaction(async () => {
      const token = await this.sessions.prove(actor.sessionId, methods);
      if (token === null) throw platformProblems.unauthorized();
      await this.resets.cameIn(actor.id, methods);
      this.audit.record({
        actor,
        action: 'identity.session.stepped_up',
        subjectType: 'account',
        subjectId: actor.id,
        details: { methods },
      });
      return token;
    });
  }

  private async methodsShown(accountId: string, given: GivenProof): Promise<string[]> {
    const { password, credential, ...codes } = given;
    if (credential !== undefined) return (await this.assertions.verify(credential, accountId)).methods;
    if (password !== undefined) {
      await this.passwords.check(accountId, password);
      return ['pwd'];
    }
    if (!(await this.secondFactor.take(accountId, codes))) throw identityProblems.wrong_code();
    return ['otp'];
  }
}

import { Injectable, Logger } from '@nestjs/common';
import type { VerifiedRegistrationResponse } from '@simplewebauthn/server';
import type { PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { AccountRepository } from '../account/account.repository.js';
import { ChallengeRepository } from '../factor/challenge.repository.js';
import { FactorChanges } from '../factor/factor-changes.service.js';
import { FactorRepository } from '../factor/factor.repository.js';
import { RecoveryCodes } from '../factor/recovery-codes.service.js';
import { identityProblems } from '../identity.errors.js';
import { CEREMONY_MS, reasonOf, webauthn } from './assertion.service.js';
import type { NewCredentialDto, PasskeyAddedDto, PasskeyDto } from './passkey.dto.js';
import { PasskeyRepository, type PasskeyView } from './passkey.repository.js';

const MOST = 10;
/** EdDSA, ES256, RS256. */
const ALGORITHMS = [-8, -7, -257];

type Registered = NonNullable<VerifiedRegistrationResponse['registrationInfo']>;

/** Passkeys of an account: added, named, removed. */
@Injectable()
export class PasskeyService {
  private readonly log = new Logger('passkeys');

  constructor(
    private readonly database: Database,
    private readonly passkeys: PasskeyRepository,
    private readonly challenges: ChallengeRepository,
    private readonly accounts: AccountRepository,
    private readonly factors: FactorRepository,
    private readonly changes: FactorChanges,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  async list(actor: PersonActor): Promise<PasskeyDto[]> {
    return (await this.passkeys.list(actor.id)).map(shown);
  }

  async options(actor: PersonActor): Promise<object> {
    const account = await this.accounts.byId(actor.id);
    if (!account) throw platformProblems.not_found();
    const present = await this.passkeys.list(actor.id);
    if (present.length >= MOST) throw identityProblems.too_many_passkeys();
    const handle = await this.passkeys.handleOf(actor.id);
    const challenge = await this.challenges.make('passkey_registration', actor.id);
    const { generateRegistrationOptions } = await webauthn();
    return generateRegistrationOptions({
      rpName: this.config.shopName,
      rpID: this.config.passkeyHost,
      userName: account.email,
      userDisplayName: [account.firstName, account.lastName].filter(Boolean).join(' ') || account.email,
      userID: Uint8Array.from(handle),
      challenge: Uint8Array.from(Buffer.from(challenge, 'base64url')),
      timeout: CEREMONY_MS,
      attestationType: 'none',
      excludeCredentials: present.map(({ credentialId, transports }) => ({ id: credentialId, transports })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
    });
  }

  /** The first second factor of an account comes with recovery codes. */
  async add(actor: PersonActor, credential: NewCredentialDto, name = 'Passkey'): Promise<PasskeyAddedDto> {
    const made = await this.check(actor, credential);
    if (!made) throw identityProblems.invalid_assertion();
    const { secondFactor } = await this.factors.view(actor.id);
    const codes = secondFactor ? null : await this.recoveryCodes.make();
    const id = newId();
    return this.database.transaction(async () => {
      const account = await this.changes.lock(actor);
      if ((await this.passkeys.list(actor.id)).length >= MOST) throw identityProblems.too_many_passkeys();
      const added = await this.passkeys.insert({
        id,
        accountId: actor.id,
        credentialId: made.credential.id,
        publicKey: made.credential.publicKey,
        counter: made.credential.counter,
        transports: credential.response.transports ?? [],
        syncable: made.credentialDeviceType === 'multiDevice',
        backedUp: made.credentialBackedUp,
        name,
      });
      if (!added) throw identityProblems.invalid_assertion();
      if (codes) await this.factors.replaceRecoveryCodes(actor.id, codes.hashes);
      await this.changes.tell('passkey', 'added', actor, account, { passkeyId: id });
      return { ...shown(added), recoveryCodes: codes?.codes ?? null };
    });
  }

  rename(actor: PersonActor, id: string, name: string): Promise<PasskeyDto> {
    return this.database.transaction(async () => {
      const renamed = await this.passkeys.rename(id, actor.id, name);
      if (!renamed) throw platformProblems.not_found();
      const action = 'identity.passkey.renamed';
      this.audit.record({
        actor,
        action,
        subjectType: 'account',
        subjectId: actor.id,
        details: { passkeyId: id },
      });
      return shown(renamed);
    });
  }

  async remove(actor: PersonActor, id: string): Promise<void> {
    await this.database.transaction(async () => {
      const account = await this.changes.lock(actor);
      if (!(await this.passkeys.remove(id, actor.id))) throw platformProblems.not_found();
      await this.changes.tell('passkey', 'removed', actor, account, { passkeyId: id });
    });
  }

  private async check(
    { id: accountId }: PersonActor,
    credential: NewCredentialDto,
  ): Promise<Registered | null> {
    const { id, rawId, response } = credential;
    const { clientDataJSON, attestationObject } = response;
    const { verifyRegistrationResponse } = await webauthn();
    try {
      const { registrationInfo } = await verifyRegistrationResponse({
        response: {
          id,
          rawId,
          type: 'public-key',
          clientExtensionResults: {},
          response: { clientDataJSON, attestationObject },
        },
        // Used up whatever else is wrong: one challenge, one answer.
        expectedChallenge: (challenge) => this.challenges.use('passkey_registration', challenge, accountId),
        expectedOrigin: this.config.passkeyOrigins,
        expectedRPID: this.config.passkeyHost,
        requireUserVerification: true,
        supportedAlgorithmIDs: ALGORITHMS,
      });
      return registrationInfo ?? null;
    } catch (error) {
      // The library throws for every answer that is not right; the caller is not told which check it was.
      this.log.debug(`refused: ${reasonOf(error)}`);
      return null;
    }
  }
}

function shown({ credentialId: _credentialId, createdAt, lastUsedAt, ...view }: PasskeyView): PasskeyDto {
  return { ...view, createdAt: createdAt.toISOString(), lastUsedAt: lastUsedAt?.toISOString() ?? null };
}

import { Injectable, Logger } from '@nestjs/common';
import type { VerifiedAuthenticationResponse } from '@simplewebauthn/server';
import { Audit } from '../../platform/audit/audit.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { ChallengeRepository } from '../factor/challenge.repository.js';
import { identityProblems } from '../identity.errors.js';
import type { CredentialProofDto } from './passkey.dto.js';
import { PasskeyRepository, type PasskeyRow } from './passkey.repository.js';

/** Milliseconds: as long as the challenge lives. */
export const CEREMONY_MS = 300_000;

/** Loaded with the first passkey: three hundred files, certificates of every maker of authenticators among them, that most starts never need. */
export const webauthn = () => import('@simplewebauthn/server');

export interface Asserted {
  accountId: string;
  passkeyId: string;
  /** As RFC 8176 names them: a key that cannot leave its device or one that can, and its user was verified. */
  methods: string[];
}

/** Asks authenticators to sign, and checks what they signed. */
@Injectable()
export class Assertions {
  private readonly log = new Logger('passkeys');

  constructor(
    private readonly database: Database,
    private readonly passkeys: PasskeyRepository,
    private readonly challenges: ChallengeRepository,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  /** For whoever is signed in, with its own passkeys; else for anybody, naming none: nobody learns who has one. */
  async options(accountId: string | null): Promise<object> {
    const challenge = await this.challenges.make('passkey_assertion', accountId);
    const own = accountId === null ? [] : await this.passkeys.list(accountId);
    const { generateAuthenticationOptions } = await webauthn();
    return generateAuthenticationOptions({
      rpID: this.config.passkeyHost,
      challenge: Uint8Array.from(Buffer.from(challenge, 'base64url')),
      timeout: CEREMONY_MS,
      userVerification: 'required',
      allowCredentials: own.map(({ credentialId, transports }) => ({ id: credentialId, transports })),
    });
  }

  /** Whom it proves; 400 otherwise. `accountId`: who alone it may be, and whom the challenge was made for. */
  async verify(credential: CredentialProofDto, accountId: string | null): Promise<Asserted> {
    const passkey = await this.passkeys.byCredential(credential.id);
    const { userHandle } = credential.response;
    // Whoever is not known yet must be named by the authenticator itself.
    const named =
      userHandle == null ? accountId !== null : passkey?.handle.toString('base64url') === userHandle;
    if (!passkey || !named || (accountId !== null && passkey.accountId !== accountId))
      throw identityProblems.invalid_assertion();
    const verified = await this.check(credential, passkey, accountId);
    if (!verified?.verified) throw identityProblems.invalid_assertion();
    const { newCounter, credentialBackedUp, credentialDeviceType } = verified.authenticationInfo;
    if (!(await this.passkeys.use(passkey.id, newCounter, credentialBackedUp))) {
      await this.noteClone(passkey);
      throw identityProblems.invalid_assertion();
    }
    const key = credentialDeviceType === 'singleDevice' ? 'hwk' : 'swk';
    return { accountId: passkey.accountId, passkeyId: passkey.id, methods: [key, 'user'] };
  }

  private async check(
    credential: CredentialProofDto,
    { credentialId, publicKey }: PasskeyRow,
    accountId: string | null,
  ): Promise<VerifiedAuthenticationResponse | null> {
    const { id, rawId, response } = credential;
    const { userHandle, ...signed } = response;
    const { verifyAuthenticationResponse } = await webauthn();
    try {
      return await verifyAuthenticationResponse({
        response: {
          id,
          rawId,
          type: 'public-key',
          clientExtensionResults: {},
          response: { ...signed, ...(userHandle != null && { userHandle }) },
        },
        // Used up whatever else is wrong: one challenge, one answer.
        expectedChallenge: (challenge) => this.challenges.use('passkey_assertion', challenge, accountId),
        expectedOrigin: this.config.passkeyOrigins,
        expectedRPID: this.config.passkeyHost,
        requireUserVerification: true,
        // The counter is judged by the statement that writes it, which two at once cannot both pass.
        credential: { id: credentialId, publicKey: Uint8Array.from(publicKey), counter: 0 },
      });
    } catch (error) {
      // The library throws for every answer that is not right; the caller is not told which check it was.
      this.log.debug(`refused: ${reasonOf(error)}`);
      return null;
    }
  }

  private noteClone({ id, accountId }: PasskeyRow): Promise<void> {
    return this.database.transaction(() => {
      this.audit.record({
        actor: { kind: 'system', name: 'identity' },
        action: 'identity.passkey.counter_went_back',
        subjectType: 'account',
        subjectId: accountId,
        details: { passkeyId: id },
      });
      return Promise.resolve();
    });
  }
}

/** Why the library refused an answer; without what it quotes, which is what the caller sent, the challenge too. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/"[^"]*"/g, '"…"') : 'no reason given';

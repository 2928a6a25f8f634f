import { Injectable } from '@nestjs/common';
import { type Actor, system } from '../../platform/access/actor.js';
import { requireInPerson } from '../../platform/access/access.js';
import { Audit } from '../../platform/audit/audit.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { AccountRepository } from '../account/account.repository.js';
import { identityProblems } from '../identity.errors.js';
import { placeOf } from '../../platform/http/network.js';
import type { ConsentDto, ConsentInput, ConsentRecordDto } from './consent.dto.js';
import { ConsentRepository, type Declaration, type DeclarationRow } from './consent.repository.js';
import { readWithdrawalToken, withdrawalToken } from './withdrawal-token.js';

const HISTORY = 100;
const NEVER: ConsentDto = { given: false, at: null, source: null, textVersion: null, wording: null };

/** Marketing consent with its proof: who said what to which words, when and where. */
@Injectable()
export class ConsentService {
  private readonly key: Buffer;

  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly consents: ConsentRepository,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {
    this.key = config.key('marketing-withdrawal');
  }

  /** What holds now. */
  async present(accountId: string): Promise<ConsentDto> {
    const [last] = await this.consents.list(accountId, 1);
    return last ? presented(last) : NEVER;
  }

  /** The newest hundred declarations, the newest first. */
  async history(accountId: string): Promise<ConsentRecordDto[]> {
    return (await this.consents.list(accountId, HISTORY)).map(recorded);
  }

  /** A link for letters about offers: whoever follows it withdraws, without signing in. */
  withdrawalUrl(accountId: string): string {
    return `${this.config.publicUrl}/account/marketing?token=${withdrawalToken(this.key, accountId)}`;
  }

  /** For the person itself: nobody agrees in the place of another. 400 when it is given without its words; `place` is the JSON Pointer of the input. Saying the same again adds nothing. */
  declare(actor: Actor, accountId: string, input: ConsentInput, ip: string, place = ''): Promise<ConsentDto> {
    requireInPerson(actor);
    requireWording(input, place);
    const { given, source, textVersion = null, wording = null } = input;
    return this.append(actor, accountId, { given, source, textVersion, wording, ipPrefix: placeOf(ip) });
  }

  /** 400 when the token is not ours or its account is gone. Works as often as it is tried. */
  async withdraw(token: string, ip: string): Promise<void> {
    const accountId = readWithdrawalToken(this.key, token);
    const account = accountId === null ? null : await this.accounts.byId(accountId);
    if (account === null) throw identityProblems.invalid_or_expired_token();
    const words = { textVersion: null, wording: null, ipPrefix: placeOf(ip) };
    await this.append(system('identity'), account.id, { given: false, source: 'link in a letter', ...words });
  }

  private append(actor: Actor, accountId: string, declaration: Declaration): Promise<ConsentDto> {
    return this.database.transaction(async () => {
      const account = await this.accounts.lock(accountId);
      if (!account) throw platformProblems.not_found();
      const [last] = await this.consents.list(accountId, 1);
      if (!says(last, declaration)) {
        await this.consents.append(accountId, declaration);
        // What an account shows of itself has changed.
        await this.accounts.save(account);
        this.audit.record({
          actor,
          action: `identity.marketing_consent.${declaration.given ? 'given' : 'withdrawn'}`,
          subjectType: 'account',
          subjectId: accountId,
        });
      }
      return this.present(accountId);
    });
  }
}

/** Whether the last word was the same: withdrawn is withdrawn, but given is given to a text. */
function says(last: DeclarationRow | undefined, { given, textVersion, wording }: Declaration): boolean {
  if (last === undefined || last.given !== given) return false;
  return !given || (last.textVersion === textVersion && last.wording === wording);
}

function requireWording({ given, textVersion, wording }: ConsentInput, place: string): void {
  if (!given) return;
  const errors = Object.entries({ textVersion, wording })
    .filter(([, value]) => (value ?? '').trim() === '')
    .map(([name]) => ({
      pointer: `${place}/${name}`,
      code: 'required',
      message: 'is required to prove consent',
    }));
  if (errors.length > 0) throw platformProblems.invalid_input('Consent is proved by its words.', { errors });
}

const presented = ({ given, at, source, textVersion, wording }: DeclarationRow): ConsentDto => ({
  given,
  at: at.toISOString(),
  source,
  textVersion,
  wording,
});

const recorded = ({ at, ...row }: DeclarationRow): ConsentRecordDto => ({ ...row, at: at.toISOString() });

import {
  pagesOf,
  PersonalData,
  type PersonalDataPage,
  type PersonalDataProvider,
  type Subject,
} from '../../platform/personal-data/personal-data.js';
import { AccountRepository } from '../account/account.repository.js';
import { AddressBookService } from '../address/address-book.service.js';
import { PasskeyRepository } from '../passkey/passkey.repository.js';
import { SessionService } from '../session/session.service.js';
import { AccountPersonalDataRepository } from './personal-data.repository.js';

/** What identity knows about people: the account and all that hangs on it. */
@PersonalData()
export class IdentityPersonalData implements PersonalDataProvider {
  readonly name = 'identity';
  // The others are asked with the address, which only the account knows.
  readonly turn = 100;

  constructor(
    private readonly accounts: AccountRepository,
    private readonly addressBooks: AddressBookService,
    private readonly passkeys: PasskeyRepository,
    private readonly sessions: SessionService,
    private readonly rows: AccountPersonalDataRepository,
  ) {}

  async *collect({ customerId: id }: Subject): AsyncGenerator<PersonalDataPage> {
    const account = id && (await this.accounts.byId(id));
    if (!id || !account) return;
    yield { section: 'account', rows: [shown(account)] };
    yield { section: 'addresses', rows: await this.addressBooks.all(id) };
    yield* pagesOf<{ id: string }>('marketingConsents', (after, limit) =>
      this.rows.consents(id, after, limit),
    );
    yield { section: 'groups', rows: await this.rows.groups(id) };
    yield* pagesOf<{ id: string }>('sessions', (after, limit) => this.rows.sessions(id, after, limit));
    yield { section: 'providers', rows: await this.rows.providers(id) };
    yield {
      section: 'passkeys',
      rows: (await this.passkeys.list(id)).map(({ name, backedUp, createdAt, lastUsedAt }) => ({
        ...{ name, backedUp, createdAt, lastUsedAt },
      })),
    };
    yield { section: 'secondFactors', rows: await this.rows.secondFactors(id) };
    yield { section: 'factorResets', rows: await this.rows.factorResets(id) };
  }

  async hindrances(): Promise<string[]> {
    return Promise.resolve([]);
  }

  /** The account goes, and the cascade takes what hangs on it. */
  async erase({ customerId: id }: Subject): Promise<void> {
    if (id === null) return;
    await this.sessions.revokeAllOf(id, 'erased');
    await this.rows.deleteRequests(id);
    await this.accounts.delete(id);
  }
}

type Known = NonNullable<Awaited<ReturnType<AccountRepository['byId']>>>;

const shown = (account: Known) => ({
  id: account.id,
  email: account.email,
  emailVerifiedAt: account.emailVerifiedAt,
  firstName: account.firstName,
  lastName: account.lastName,
  phone: account.phone,
  locale: account.locale,
  status: account.status,
  hasPassword: account.passwordHash !== null,
  createdAt: account.createdAt,
});

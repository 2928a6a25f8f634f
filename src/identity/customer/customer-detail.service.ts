import { Injectable } from '@nestjs/common';
import { platformProblems } from '../../platform/http/problem.js';
import type { Account } from '../account/account.entity.js';
import { AccountRepository } from '../account/account.repository.js';
import { AddressBookService } from '../address/address-book.service.js';
import { ConsentService } from '../consent/consent.service.js';
import { FactorResetService } from '../factor-reset/factor-reset.service.js';
import { GroupRepository } from '../group/group.repository.js';
import { ErasureRepository } from '../privacy/erasure.repository.js';
import { SessionDto } from '../session/session.dto.js';
import { SessionService } from '../session/session.service.js';
import type { CustomerDetailDto } from './customer.dto.js';

/** What staff see of one customer. */
@Injectable()
export class CustomerDetailService {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly addressBooks: AddressBookService,
    private readonly consents: ConsentService,
    private readonly groups: GroupRepository,
    private readonly resets: FactorResetService,
    private readonly liveSessions: SessionService,
    private readonly erasures: ErasureRepository,
  ) {}

  async get(id: string): Promise<CustomerDetailDto> {
    const account = await this.known(id);
    const [addresses, groups, consent, history, sessions, factorReset, erasure] = await Promise.all([
      this.addressBooks.all(id),
      this.groups.codesOf(id),
      this.consents.present(id),
      this.consents.history(id),
      this.liveSessions.list(id),
      this.resets.pending(id),
      this.erasures.open(id, null),
    ]);
    const { email, firstName, lastName, phone, locale, status, version } = account;
    return {
      ...{ id, email, emailVerified: account.isVerified, firstName, lastName, phone, locale, status },
      groups,
      erasesAt: erasure?.dueAt.toISOString() ?? null,
      addresses,
      marketingConsent: { ...consent, withdrawalUrl: this.consents.withdrawalUrl(id), history },
      factorReset,
      counts: {
        addresses: addresses.length,
        sessions: sessions.filter(({ impersonatorId }) => impersonatorId === null).length,
      },
      createdAt: account.createdAt.toISOString(),
      version,
    };
  }

  /** Where the customer is signed in. */
  async sessions(id: string): Promise<SessionDto[]> {
    await this.known(id);
    return (await this.liveSessions.list(id)).map((row) => SessionDto.from(row, null));
  }

  private async known(id: string): Promise<Account> {
    const account = await this.accounts.byId(id);
    if (account?.kind !== 'customer') throw platformProblems.not_found();
    return account;
  }
}

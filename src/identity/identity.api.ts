import { Injectable } from '@nestjs/common';
import { AccountRepository } from './account/account.repository.js';
import { ConsentService } from './consent/consent.service.js';
import { GroupRepository } from './group/group.repository.js';
import { ClosingAccounts } from './privacy/closing-accounts.service.js';
import { networkOf } from '../platform/http/network.js';
import { type Quota, ThrottleRepository } from './throttle/throttle.repository.js';
import { normalizeEmail } from './account/sign-in.service.js';

/** What other modules may ask about people. */
@Injectable()
export class IdentityApi {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly throttles: ThrottleRepository,
    private readonly consents: ConsentService,
    private readonly groups: GroupRepository,
    private readonly closing: ClosingAccounts,
  ) {}

  /** The customer, or null when there is none of that id. */
  async customer(id: string): Promise<{ id: string; email: string; emailVerified: boolean } | null> {
    const account = await this.accounts.view(id);
    return account && { id: account.id, email: account.email, emailVerified: account.emailVerified };
  }

  /**
   * In the caller's transaction, before whatever else it locks: no erasure of the customer goes on before it is over, so nothing is
   * written of somebody who is just being forgotten. False when there is no customer of that id, or their erasure has begun.
   */
  async holdCustomer(id: string): Promise<boolean> {
    await this.accounts.hold(id);
    return (await this.customer(id)) !== null && !(await this.closing.isBegun(id));
  }

  /** Codes of the groups that a customer is in. */
  groupsOf(customerId: string): Promise<string[]> {
    return this.groups.codesOf(customerId);
  }

  /**
   * Where letters about offers to a customer go; null when they are not welcome, or the address was never shown to be theirs.
   * Each such letter has to carry `withdrawalUrl`.
   */
  async lettersTo(id: string): Promise<{ email: string; withdrawalUrl: string } | null> {
    if (!(await this.consents.present(id)).given) return null;
    const customer = await this.customer(id);
    if (!customer?.emailVerified) return null;
    return { email: customer.email, withdrawalUrl: this.consents.withdrawalUrl(id) };
  }

  /** Id of the customer who has shown that this address is theirs, in whatever case it is written; null when nobody has. */
  async customerOfVerifiedEmail(email: string): Promise<string | null> {
    const account = await this.accounts.credentials(normalizeEmail(email));
    return account?.kind === 'customer' && account.isVerified ? account.id : null;
  }

  /** Seconds that a network has to wait before its next attempt at something, without counting one; 0: none. */
  waitFor(what: string, ip: string): Promise<number> {
    return this.throttles.waitOf(`${what}:${networkOf(ip)}`);
  }

  /** Counts an attempt at something by the network that it comes from. Seconds to wait; 0 lets it through. */
  async countAttempt(what: string, ip: string, quota: Quota): Promise<number> {
    return (await this.throttles.attempt(`${what}:${networkOf(ip)}`, quota)).wait;
  }

  /** Counts an attempt at something by what it is about, wherever it comes from. Seconds to wait; 0 lets it through. */
  async countAbout(what: string, subject: string, quota: Quota): Promise<number> {
    return (await this.throttles.attempt(`${what}:about:${subject}`, quota)).wait;
  }

  /** Seconds to wait before the next attempt at something that is about this, without counting one; 0: none. */
  waitAbout(what: string, subject: string): Promise<number> {
    return this.throttles.waitOf(`${what}:about:${subject}`);
  }
}

import { Injectable } from '@nestjs/common';
import { AccountRepository } from './account/account.repository.js';

/** What other modules may ask about people. */
@Injectable()
export class IdentityApi {
  constructor(private readonly accounts: AccountRepository) {}

  /** The customer, or null when there is none of that id. */
  async customer(id: string): Promise<{ id: string; email: string; emailVerified: boolean } | null> {
    const account = await this.accounts.view(id);
    return account && { id: account.id, email: account.email, emailVerified: account.emailVerified };
  }
}

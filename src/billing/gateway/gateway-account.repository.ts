import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';

/** This shop's account at a test gateway, made at the first call and shared by all processes of one database. */
@Injectable()
export class GatewayAccountRepository {
  private readonly known = new Map<string, Promise<string>>();

  constructor(private readonly database: Database) {}

  accountAt(gateway: string): Promise<string> {
    let account = this.known.get(gateway);
    if (account === undefined) {
      account = this.load(gateway);
      this.known.set(gateway, account);
      account.catch(() => this.known.delete(gateway));
    }
    return account;
  }

  /** Up to where the notices of a gateway were read. */
  async cursor(gateway: string): Promise<string> {
    const [row] = await this.database.query<{ event_cursor: string }>(
      'SELECT event_cursor FROM billing.gateway_accounts WHERE gateway = $1',
      [gateway],
    );
    return row?.event_cursor ?? '0';
  }

  async moveCursor(gateway: string, cursor: string): Promise<void> {
    await this.database.execute('UPDATE billing.gateway_accounts SET event_cursor = $2 WHERE gateway = $1', [
      gateway,
      cursor,
    ]);
  }

  private async load(gateway: string): Promise<string> {
    await this.database.execute(
      'INSERT INTO billing.gateway_accounts (gateway, account) VALUES ($1, $2) ON CONFLICT (gateway) DO NOTHING',
      [gateway, newId()],
    );
    const [row] = await this.database.query<{ account: string }>(
      'SELECT account FROM billing.gateway_accounts WHERE gateway = $1',
      [gateway],
    );
    if (row === undefined) throw new Error(`the account at ${gateway} was not kept`);
    return row.account;
  }
}

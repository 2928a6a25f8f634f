import { Injectable, Logger } from '@nestjs/common';
import { system } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { failpoint } from '../../platform/failpoint.js';
import type { PersonalDataProvider, Subject } from '../../platform/personal-data/personal-data.js';
import { PersonalDataRegistry } from '../../platform/personal-data/personal-data.registry.js';
import { SubjectKeys } from '../../platform/personal-data/subject-keys.js';
import { AccountRepository } from '../account/account.repository.js';
import { ErasureRepository, type ErasureRow } from './erasure.repository.js';
import { guestPlace } from './guest-address.js';

const AT_ONCE = 50;
const DAY_MS = 86_400_000;

/**
 * Erases whoever is due: module by module, each in a transaction of its own together with its mark, so that a run which
 * dies is followed by one that goes on behind it. Last of all the key of the person is destroyed.
 */
@Injectable()
export class ErasureRunner {
  private readonly log = new Logger('erasures');

  constructor(
    private readonly database: Database,
    private readonly erasures: ErasureRepository,
    private readonly accounts: AccountRepository,
    private readonly registry: PersonalDataRegistry,
    private readonly keys: SubjectKeys,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** All that are due. Any number of processes may do it at a time: what one of them holds, the others leave alone. */
  async run(): Promise<void> {
    const due = await this.erasures.due(this.clock.now(), AT_ONCE);
    for (const { id, subjectId } of due) {
      try {
        await this.erase(id, subjectId);
      } catch (error) {
        // The next run goes on with it; the others do not wait for it.
        this.log.warn({ err: error, erasureId: id }, 'an erasure was not finished; it is tried again');
      }
    }
  }

  private async erase(id: string, subjectId: string): Promise<void> {
    if (!(await this.step(id, subjectId, this.registry.inTurn(), (row) => this.start(row)))) return;
    for (const provider of this.registry.inTurn()) {
      const goesOn = await this.step(id, subjectId, [provider], (row, subject) =>
        this.eraseFrom(provider, row, subject),
      );
      if (!goesOn) return;
      failpoint(`erasure.after_${provider.name}`);
    }
    await this.step(id, subjectId, [], (row) => this.finish(row));
  }

  /**
   * One transaction that holds the account and the erasure. False when another worker is at it, it was canceled, or one of
   * those whose turn it is says that something has to be finished first: then it is put off by a day.
   */
  private step(
    id: string,
    subjectId: string,
    asked: readonly PersonalDataProvider[],
    work: (row: ErasureRow, subject: Subject) => Promise<void>,
  ): Promise<boolean> {
    return this.database.transaction(async () => {
      // The account first, as whoever signs in and cancels does.
      const account = await this.accounts.lock(subjectId);
      const row = await this.erasures.take(id, this.clock.now());
      if (!row) return false;
      const subject = row.isGuest
        ? { customerId: null, email: await this.addressOf(row) }
        : { customerId: subjectId, email: account?.email ?? null };
      const hindrances: string[] = [];
      for (const provider of asked)
        if (!row.done.includes(provider.name)) hindrances.push(...(await provider.hindrances(subject)));
      if (hindrances.length > 0) {
        await this.erasures.putOff(id, new Date(this.clock.now().getTime() + DAY_MS), hindrances);
        return false;
      }
      await work(row, subject);
      return true;
    });
  }

  private async start({ id, subjectId }: ErasureRow): Promise<void> {
    await this.erasures.start(id, subjectId, this.clock.now());
  }

  private async eraseFrom(provider: PersonalDataProvider, row: ErasureRow, subject: Subject): Promise<void> {
    if (row.done.includes(provider.name)) return;
    await provider.erase(subject);
    await this.erasures.markDone(row.id, provider.name);
  }

  private async finish({ id, subjectId, isGuest }: ErasureRow): Promise<void> {
    await this.keys.destroy(subjectId);
    await this.erasures.finish(id, this.clock.now());
    this.audit.record({
      actor: system('identity.erasures'),
      action: 'identity.erasure.finished',
      subjectType: isGuest ? 'erasure' : 'account',
      subjectId,
      details: { erasureId: id },
    });
  }

  private async addressOf({ id, subjectId, guestEmail }: ErasureRow): Promise<string | null> {
    return guestEmail && this.keys.open(subjectId, guestPlace('erasures', id), guestEmail);
  }
}

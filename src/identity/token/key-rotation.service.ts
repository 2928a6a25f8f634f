import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { identityProblems } from '../identity.errors.js';
import { KeyRing } from './key-ring.service.js';
import { AGAIN_SECONDS, RETIRING_SECONDS, RIPE_SECONDS, ROTATION_SECONDS } from './key-times.js';
import type { SigningKeyDto, SigningKeysDto } from './signing-key.dto.js';
import {
  type KeyAges,
  type NewKey,
  SigningKeyRepository,
  type SigningKeyView,
} from './signing-key.repository.js';

/** Which key signs: by the clock, and when somebody asks. However many ask at once, there is one rotation. */
@Injectable()
export class KeyRotation {
  constructor(
    private readonly database: Database,
    private readonly keys: SigningKeyRepository,
    private readonly ring: KeyRing,
    private readonly audit: Audit,
  ) {}

  /** Those that are gone come last. */
  async list(): Promise<SigningKeysDto> {
    return { items: (await this.keys.list()).map(shown) };
  }

  /**
   * The next key signs from now on. 409 while it has not been published long enough: whoever keeps our keys could not
   * check its tokens. Tokens of the key before go on working until they end.
   */
  async rotate(actor: Actor): Promise<SigningKeysDto> {
    const made = await this.ring.make();
    await this.database.transaction(async () => {
      const { next } = await this.keys.lock();
      if (next === null || next < RIPE_SECONDS) throw tooSoon(RIPE_SECONDS - (next ?? 0));
      await this.promote(made, actor, 'asked');
    });
    return this.seen();
  }

  /**
   * A private key got out: every key goes at once, also the next one, which lay beside it. Access tokens of all end and
   * are refreshed; whoever keeps our keys must fetch them again. 409 within a minute of the last change.
   */
  async replaceAll(actor: Actor): Promise<SigningKeysDto> {
    const [active, next] = [await this.ring.make(), await this.ring.make()];
    await this.database.transaction(async () => {
      const { active: age } = await this.keys.lock();
      if (age !== null && age < AGAIN_SECONDS) throw tooSoon(AGAIN_SECONDS - age);
      const from = await this.keys.dropAll();
      await this.keys.insert('active', active);
      await this.keys.insert('next', next);
      this.note('replaced', active.kid, actor, { from });
    });
    return this.seen();
  }

  /** What is due by the clock: keys whose tokens are over go, and the next one signs after thirty days. */
  async runDue(actor: Actor): Promise<void> {
    const made = await this.ring.make();
    await this.database.transaction(async () => {
      const ages = await this.keys.lock();
      for (const kid of await this.keys.dropRetired(RETIRING_SECONDS)) this.note('gone', kid, actor);
      if (isDue(ages)) await this.promote(made, actor, 'due');
    });
    await this.ring.load();
  }

  private async promote(made: NewKey, actor: Actor, why: string): Promise<void> {
    const { from, to } = await this.keys.promote();
    await this.keys.insert('next', made);
    this.note('rotated', to, actor, { from, why });
  }

  private async seen(): Promise<SigningKeysDto> {
    await this.ring.load();
    return this.list();
  }

  private note(what: string, kid: string, actor: Actor, details?: object): void {
    this.audit.record({
      actor,
      action: `identity.signing_key.${what}`,
      subjectType: 'signing_key',
      subjectId: kid,
      ...(details && { details }),
    });
  }
}

const shown = ({ kid, state, createdAt, activatedAt, retiredAt, goneAt }: SigningKeyView): SigningKeyDto => ({
  kid,
  state,
  createdAt: createdAt.toISOString(),
  activatedAt: activatedAt?.toISOString() ?? null,
  retiredAt: retiredAt?.toISOString() ?? null,
  goneAt: goneAt?.toISOString() ?? null,
});

const isDue = ({ active, next }: KeyAges): boolean =>
  active !== null && active >= ROTATION_SECONDS && next !== null && next >= RIPE_SECONDS;

const tooSoon = (seconds: number) =>
  identityProblems.rotated_recently(undefined, { retryAfter: Math.max(1, Math.ceil(seconds)) });

import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { SearchRulesChanged } from '../catalog.events.js';
import {
  type CreateSynonymDto,
  MAX_SYNONYMS,
  type SynonymDto,
  type UpdateSynonymDto,
} from './synonym.dto.js';
import { type Synonym, SynonymRepository } from './synonym.repository.js';

/** Words of one phrase; longer ones are no names of things. */
const PHRASE = 5;

/** Words that mean the same, as staff say. The search reads them from the database, so a change holds at once. */
@Injectable()
export class SynonymService {
  constructor(
    private readonly database: Database,
    private readonly synonyms: SynonymRepository,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  /** The newest first. */
  async list(after: string | null, limit: number): Promise<SynonymDto[]> {
    return (await this.synonyms.list(after, limit)).map(shown);
  }

  async get(id: string): Promise<SynonymDto> {
    const synonym = await this.synonyms.find(id);
    if (!synonym) throw platformProblems.not_found();
    return shown(synonym);
  }

  /** 409 when there are as many as a store may keep, or this one. */
  async create({ words, finds = null }: CreateSynonymDto, actor: Actor): Promise<SynonymDto> {
    const now = this.clock.now();
    const synonym: Synonym = { id: newId(), words, finds, version: 1, createdAt: now, updatedAt: now };
    return this.database.transaction(async () => {
      if ((await this.synonyms.count()) >= MAX_SYNONYMS)
        throw platformProblems.conflict('There are 2,000 synonyms already: delete some first.');
      return this.save(synonym, 'created', actor);
    });
  }

  async update(
    id: string,
    input: UpdateSynonymDto,
    version: number | null,
    actor: Actor,
  ): Promise<SynonymDto> {
    return this.database.transaction(async () => {
      const synonym = await this.locked(id, version);
      const changed = { ...synonym, ...input, version: synonym.version + 1, updatedAt: this.clock.now() };
      return this.save(changed, 'updated', actor);
    });
  }

  async delete(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const synonym = await this.locked(id, version);
      await this.synonyms.delete(id);
      this.record(synonym, 'deleted', actor);
    });
  }

  private async locked(id: string, version: number | null): Promise<Synonym> {
    const synonym = await this.synonyms.lock(id);
    if (!synonym) throw platformProblems.not_found();
    requireVersion(version, synonym.version);
    return synonym;
  }

  private async save(synonym: Synonym, what: string, actor: Actor): Promise<SynonymDto> {
    const { words, finds } = synonym;
    const stems = await this.synonyms.stems([...words, ...(finds ?? [])]);
    const errors = [
      ...faultsOf('words', stems.slice(0, words.length)),
      ...faultsOf('finds', stems.slice(words.length)),
    ];
    if (finds === null && words.length < 2)
      errors.push({ pointer: '/words', code: 'too_few', message: 'must hold at least 2 without finds' });
    const known = new Set(stems.slice(0, words.length));
    stems.slice(words.length).forEach((stem, at) => {
      // Of several words each finds the others too; of one there is nothing left.
      if (known.size === 1 && known.has(stem))
        errors.push({
          pointer: `/finds/${at}`,
          code: 'itself',
          message: 'means the same as the word itself',
        });
    });
    if (errors.length > 0)
      throw platformProblems.invalid_input('The synonyms do not go together.', { errors });
    if (await this.synonyms.isThere(synonym))
      throw platformProblems.conflict('There is such a group already.');
    await this.synonyms.save(synonym);
    this.record(synonym, what, actor);
    return shown(synonym);
  }

  private record({ id, words, finds }: Synonym, what: string, actor: Actor): void {
    this.audit.record({
      actor,
      action: `catalog.synonym.${what}`,
      subjectType: 'synonym',
      subjectId: id,
      details: { words, finds },
    });
    this.outbox.record(new SearchRulesChanged({ id }));
    this.database.afterCommit(() => this.pages.dropAll());
  }
}

/** A phrase needs a word that a search looks at, and means something else than those before it. */
function faultsOf(field: string, stems: string[]): FieldError[] {
  return stems.flatMap((stem, at) => {
    const fault = (code: string, message: string) => [{ pointer: `/${field}/${at}`, code, message }];
    if (stem === '') return fault('no_word', 'must have a word that a search looks at');
    if (stem.split(' ').length > PHRASE) return fault('too_long', `must have at most ${PHRASE} words`);
    return stems.indexOf(stem) < at ? fault('duplicate', 'means the same as one before it') : [];
  });
}

const shown = ({ createdAt, updatedAt, ...synonym }: Synonym): SynonymDto => ({
  ...synonym,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});

import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { Locales } from '../../platform/http/locales.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { TranslationChanged } from '../catalog.events.js';
import { SearchIndex } from '../search/search-index.service.js';
import { faultsOfTexts, keptTexts, shownTexts, type TextsInput } from './texts.js';
import type { Subject, TranslationItemDto } from './translation.dto.js';
import { translationProblems } from './translation.errors.js';
import { TranslationRepository, type TranslationRow } from './translation.repository.js';

type Shown = Omit<TranslationRow, 'texts'> & { texts: TextsInput };

/** Texts of the catalog in other languages, as staff write them. Each is one row; what it leaves out falls back. */
@Injectable()
export class TranslationService implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly translations: TranslationRepository,
    private readonly search: SearchIndex,
    private readonly locales: Locales,
    private readonly config: Config,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  onModuleInit(): void {
    this.locales.source(() => this.translations.locales());
  }

  list(
    filter: { subject: string | null; subjectId: string | null; locale: string | null },
    after: [string, string] | null,
    limit: number,
  ): Promise<TranslationItemDto[]> {
    return this.translations.list(filter, after, limit);
  }

  async get(subject: Subject, id: string, locale: string): Promise<Shown> {
    const row = await this.translations.find(subject, id, locale);
    if (!row) throw platformProblems.not_found();
    return shown(row);
  }

  /** Replaces all texts of the thing in this language. 422 for names that it does not have. */
  put(
    subject: Subject,
    id: string,
    locale: string,
    input: TextsInput,
    version: number | null,
    actor: Actor,
  ): Promise<Shown> {
    if (locale === this.config.storeLocale)
      throw translationProblems.odd_translation(`${locale} is the language of the shop.`, {
        errors: [{ pointer: '/locale', code: 'own_language', message: 'is the language of the shop itself' }],
      });
    return this.database.transaction(async () => {
      const there = await this.translations.lock(subject, id);
      if (!there) throw platformProblems.not_found();
      const errors = faultsOfTexts(input, there);
      if (errors.length > 0) throw translationProblems.odd_translation(undefined, { errors });
      requireVersion(version, (await this.translations.find(subject, id, locale))?.version ?? 0);
      await this.translations.put(subject, id, locale, keptTexts(input));
      await this.refresh(subject, id);
      this.finish(subject, id, locale, 'written', actor);
      this.database.afterCommit(() => this.locales.add(locale));
      return this.get(subject, id, locale);
    });
  }

  async delete(
    subject: Subject,
    id: string,
    locale: string,
    version: number | null,
    actor: Actor,
  ): Promise<void> {
    await this.database.transaction(async () => {
      if (!(await this.translations.lock(subject, id))) throw platformProblems.not_found();
      const row = await this.get(subject, id, locale);
      requireVersion(version, row.version);
      await this.translations.delete(id, locale);
      await this.refresh(subject, id);
      this.finish(subject, id, locale, 'deleted', actor);
      if (!(await this.translations.isUsed(locale)))
        this.database.afterCommit(() => this.locales.remove(locale));
    });
  }

  /** What is searched in other languages: products by their own texts and by those of their categories. */
  private async refresh(subject: Subject, id: string): Promise<void> {
    if (subject === 'product') await this.search.refresh([id]);
    if (subject === 'category') await this.search.refreshCategory(id);
  }

  private finish(subject: Subject, id: string, locale: string, what: string, actor: Actor): void {
    this.outbox.record(new TranslationChanged({ subject, subjectId: id, locale }));
    this.audit.record({
      actor,
      action: `catalog.translation.${what}`,
      subjectType: subject,
      subjectId: id,
      details: { locale },
    });
    this.database.afterCommit(() => this.pages.dropAll());
  }
}

const shown = ({ texts, ...row }: TranslationRow): Shown => ({ ...row, texts: shownTexts(texts) });

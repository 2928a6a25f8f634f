import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { ExportRequested } from '../catalog.events.js';
import { type ExportFile, ExportFiles } from '../export/export-files.service.js';
import { ExportRepository } from '../export/export.repository.js';
import type { CreateFeedDto, FeedAddressDto, FeedDto } from './feed.dto.js';
import { type Feed, FeedRepository } from './feed.repository.js';

/** Feeds: settings and a secret address. Their files are exports that are made anew every hour. */
@Injectable()
export class FeedService {
  constructor(
    private readonly database: Database,
    private readonly feeds: FeedRepository,
    private readonly exports: ExportRepository,
    private readonly files: ExportFiles,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  async create(input: CreateFeedDto, actor: Actor): Promise<FeedAddressDto> {
    const { name, linkTemplate, currency = this.config.storeCurrency } = input;
    const feed = { id: newId(), name, linkTemplate, currency };
    const token = newSecret();
    return this.database.transaction(async () => {
      await this.feeds.add(feed, hashOf(token), this.clock.now());
      await this.refresh(feed);
      this.note('created', feed.id, actor);
      return this.addressed(feed.id, token);
    });
  }

  list(after: string | null, limit: number): Promise<FeedDto[]> {
    return this.feeds.list(after, limit);
  }

  /** A new address; the one before shows nothing from now on. */
  async rotate(id: string, actor: Actor): Promise<FeedAddressDto> {
    const token = newSecret();
    return this.database.transaction(async () => {
      if (!(await this.feeds.setToken(id, hashOf(token)))) throw platformProblems.not_found();
      this.note('readdressed', id, actor);
      return this.addressed(id, token);
    });
  }

  async delete(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      if (!(await this.feeds.delete(id))) throw platformProblems.not_found();
      this.note('deleted', id, actor);
    });
  }

  /** The newest file; 404 for a token that is none, 503 before the first file is there. */
  async open(token: string): Promise<ExportFile> {
    const id = await this.feeds.idOf(hashOf(token));
    if (id === null) throw platformProblems.not_found();
    const stored = await this.exports.storedOf(id);
    if (!stored) throw platformProblems.unavailable('The feed is being made.', { retryAfter: 10 });
    return this.files.fileOf(stored);
  }

  /** Asks for a new file of every feed. */
  async refreshAll(): Promise<void> {
    await this.database.transaction(async () => {
      for (const feed of await this.feeds.due()) await this.refresh(feed);
    });
  }

  private async refresh({ id: feedId, currency, linkTemplate }: Feed): Promise<void> {
    const id = newId();
    await this.exports.add(
      { id, format: 'merchant_feed', filter: {}, currency, linkTemplate, feedId, requestedBy: null },
      this.clock.now(),
    );
    this.outbox.record(new ExportRequested({ exportId: id }));
  }

  private async addressed(id: string, token: string): Promise<FeedAddressDto> {
    const feed = await this.feeds.find(id);
    if (!feed) throw platformProblems.not_found();
    return { ...feed, url: `${this.config.publicUrl}/v1/feeds/merchant/${token}` };
  }

  private note(what: string, subjectId: string, actor: Actor): void {
    this.audit.record({ actor, action: `catalog.feed.${what}`, subjectType: 'feed', subjectId });
  }
}

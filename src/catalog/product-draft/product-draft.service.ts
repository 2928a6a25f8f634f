import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems, Problem } from '../../platform/http/problem.js';
import type { AdminProductDto, UpdateProductDto } from '../product/admin-product.dto.js';
import { ProductReader } from '../product/product.reader.service.js';
import { ProductService } from '../product/product.service.js';
import { PreviewTokens } from './preview-tokens.service.js';
import type { ProductDraftDto, PublishDraftDto } from './product-draft.dto.js';
import { productDraftProblems } from './product-draft.errors.js';
import { type ProductDraft, ProductDraftRepository } from './product-draft.repository.js';

/** What every change of a product moves. */
const MOVING = ['version', 'updatedAt'];

/** Changes of live products that wait to be published: what PATCH takes, and applied by what PATCH does. */
@Injectable()
export class ProductDraftService {
  constructor(
    private readonly database: Database,
    private readonly drafts: ProductDraftRepository,
    private readonly products: ProductService,
    private readonly reader: ProductReader,
    private readonly tokens: PreviewTokens,
    private readonly audit: Audit,
  ) {}

  /** Begins the draft of a product or replaces it. Refused as the change itself would be refused. */
  async put(
    productId: string,
    fields: UpdateProductDto,
    version: number | null,
    actor: Actor,
  ): Promise<ProductDraftDto> {
    await this.database.rehearse(() => this.products.update(productId, fields, null, actor));
    const draft = await this.database.transaction(async () => {
      requireVersion(version, (await this.drafts.lock(productId))?.version ?? 0);
      await this.drafts.put(productId, fields);
      this.record(productId, 'written', actor, Object.keys(fields));
      return this.found(productId);
    });
    return this.shown(draft, actor);
  }

  async get(productId: string, actor: Actor): Promise<ProductDraftDto> {
    return this.shown(await this.found(productId), actor);
  }

  /**
   * Applies the draft, which is gone then. 409 when the product has changed since the draft began, unless `force`, or
   * `version` is that of the product; 412 when the draft is another one than that of `draftVersion`.
   */
  publish(
    productId: string,
    { force = false, draftVersion }: PublishDraftDto,
    version: number | null,
    actor: Actor,
  ): Promise<AdminProductDto> {
    return this.database.transaction(async () => {
      const draft = await this.drafts.lock(productId);
      if (!draft) throw platformProblems.not_found();
      if (draftVersion !== undefined && draftVersion !== draft.version)
        throw platformProblems.stale_version(`The draft has the version ${draft.version} by now.`);
      const product = await this.products
        .update(productId, draft.fields, force ? version : (version ?? draft.baseVersion), actor)
        .catch((error: unknown) => {
          const stale = error instanceof Problem && error.kind === platformProblems.stale_version.kind;
          throw stale && version === null ? productDraftProblems.draft_outdated() : error;
        });
      await this.drafts.delete(productId);
      this.record(productId, 'published', actor, Object.keys(draft.fields));
      return product;
    });
  }

  async delete(productId: string, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const draft = await this.drafts.lock(productId);
      if (!draft) throw platformProblems.not_found();
      requireVersion(version, draft.version);
      await this.drafts.delete(productId);
      this.record(productId, 'deleted', actor);
    });
  }

  /** The page of a product as its draft would make it, in the shop or not yet; for whoever holds a token of it. */
  async page(
    key: string,
    token: string,
    groups: readonly string[],
    locales: readonly string[],
    currency: string | undefined,
  ): Promise<string> {
    const productId = this.tokens.productOf(token);
    if (productId === null) throw platformProblems.not_found('The preview is over, or there never was one.');
    const fields = (await this.drafts.find(productId))?.fields ?? {};
    const rehearsal = this.database.rehearse(async () => {
      const now = await this.reader.admin(productId);
      const next = await this.products.update(productId, { ...fields, status: 'published' }, null, {
        kind: 'system',
        name: 'preview',
      });
      // One product's ticket opens no other page.
      if (![productId, now.handle, next.handle].includes(key.toLowerCase()))
        throw platformProblems.not_found();
      return (await this.reader.page(productId, groups, locales, currency)).body;
    });
    return rehearsal.catch((error: unknown) => {
      // What stands in the way of the draft is told to staff, not to the shop: there is no such page.
      throw error instanceof Problem
        ? platformProblems.not_found('The draft cannot be shown as it is.')
        : error;
    });
  }

  private async found(productId: string): Promise<ProductDraft> {
    const draft = await this.drafts.find(productId);
    if (!draft) throw platformProblems.not_found();
    return draft;
  }

  private async shown(draft: ProductDraft, actor: Actor): Promise<ProductDraftDto> {
    const { productId, fields, baseVersion } = draft;
    const now = await this.reader.admin(productId);
    const outcome = await this.database
      .rehearse(() => this.products.update(productId, fields, null, actor))
      .catch((error: unknown) => {
        if (error instanceof Problem) return error;
        throw error;
      });
    const preview = outcome instanceof Problem ? null : outcome;
    return {
      ...draft,
      fields: { ...fields },
      productVersion: now.version,
      outdated: now.version !== baseVersion,
      before: preview ? differing(now, preview) : {},
      after: preview ? differing(preview, now) : {},
      preview,
      problem:
        outcome instanceof Problem
          ? { code: outcome.code, detail: outcome.message, errors: outcome.details.errors ?? [] }
          : null,
      previewToken: this.tokens.make(productId),
    };
  }

  private record(productId: string, what: string, actor: Actor, fields?: string[]): void {
    this.audit.record({
      actor,
      action: `catalog.product_draft.${what}`,
      subjectType: 'product',
      subjectId: productId,
      ...(fields && { details: { fields } }),
    });
  }
}

/** The fields of one that are otherwise in the other. */
const differing = (one: AdminProductDto, other: AdminProductDto): Record<string, unknown> => {
  const others = new Map<string, unknown>(Object.entries(other));
  return Object.fromEntries(
    Object.entries(one).filter(
      ([field, value]) => !MOVING.includes(field) && !isDeepStrictEqual(value, others.get(field)),
    ),
  );
};

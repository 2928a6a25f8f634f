import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ProductChanged } from '../catalog.events.js';
import { ProductRepository } from '../product/product.repository.js';
import { bundleProblems } from './bundle.errors.js';
import { BundleRepository, type Candidate, type PartRow } from './bundle.repository.js';

/** What bundles are made of. A bundle has no stock of its own: each piece takes its parts. */
@Injectable()
export class BundleService {
  constructor(
    private readonly database: Database,
    private readonly bundles: BundleRepository,
    private readonly products: ProductRepository,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  /**
   * Makes a variant a bundle of these parts, or of others than before; of none, it is its own again. Orders keep what they were
   * placed with. Answers the id of its product.
   */
  async setParts(
    id: string,
    parts: readonly PartRow[],
    version: number | null,
    actor: Actor,
  ): Promise<{ productId: string }> {
    return this.database.transaction(async () => {
      const candidates = await this.bundles.lock([id, ...parts.map(({ variantId }) => variantId)]);
      const bundle = candidates.find((one) => one.id === id);
      if (!bundle) throw platformProblems.not_found();
      requireVersion(version, bundle.version);
      refuseOddParts(bundle, parts, candidates);
      await this.bundles.replace(id, parts);
      const { productId } = bundle;
      await this.products.touch(productId);
      this.outbox.record(new ProductChanged({ productIds: [productId] }));
      this.audit.record({
        actor,
        action: 'catalog.variant.components_changed',
        subjectType: 'variant',
        subjectId: id,
        details: { components: parts },
      });
      this.database.afterCommit(() => this.pages.dropAll());
      return { productId };
    });
  }

  /** In the caller's transaction, under the lock of the variant: whether a bundle is made of it. */
  isPart(variantId: string): Promise<boolean> {
    return this.bundles.isPart(variantId);
  }

  /** In the caller's transaction, under the lock of the variant or the product that is about to leave the shop. */
  async refuseParts(id: { variantId: string } | { productId: string }): Promise<void> {
    const skus = await this.bundles.publishedWith(id);
    if (skus.length > 0)
      throw bundleProblems.variant_in_bundle(`Bundles are made of it: ${skus.join(', ')}.`);
  }
}

function refuseOddParts(
  bundle: Candidate,
  parts: readonly PartRow[],
  candidates: readonly Candidate[],
): void {
  if (parts.length > 0 && bundle.isPart)
    throw bundleProblems.odd_bundle('It is a part of another bundle, and bundles are not made of bundles.');
  if (parts.length > 0 && bundle.kind !== 'physical')
    throw bundleProblems.odd_bundle('Bundles are things that are sent.');
  const errors = parts.flatMap(({ variantId }, index) => {
    const fault = faultOf(
      candidates.find(({ id }) => id === variantId.toLowerCase()),
      bundle,
    );
    return fault === null ? [] : [{ pointer: `/components/${index}/variantId`, ...fault }];
  });
  if (errors.length > 0) throw bundleProblems.odd_bundle(undefined, { errors });
}

function faultOf(part: Candidate | undefined, bundle: Candidate): { code: string; message: string } | null {
  if (!part) return { code: 'unknown_variant', message: 'is not known' };
  if (part.id === bundle.id) return { code: 'itself', message: 'is the bundle itself' };
  if (!part.isLiving) return { code: 'retired', message: 'is no longer sold' };
  if (part.kind !== 'physical') return { code: 'kind', message: 'is not sent' };
  if (part.stockSource === 'parts') return { code: 'bundle', message: 'is a bundle itself' };
  return null;
}

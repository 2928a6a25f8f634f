import { Injectable } from '@nestjs/common';
import type { FieldError } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { collectionProblems } from '../collection/collection.errors.js';
import { mediaProblems } from '../media/media.errors.js';
import { MediaRepository } from '../media/media.repository.js';
import type { MediaInputDto } from './product-media.dto.js';
import { ProductNames } from './product-names.repository.js';
import { ProductRepository } from './product.repository.js';
import { RelatedRepository } from './related.repository.js';

/** What a product names that lives elsewhere: pictures, categories and other products. */
@Injectable()
export class ProductLinks {
  constructor(
    private readonly products: ProductRepository,
    private readonly media: MediaRepository,
    private readonly names: ProductNames,
    private readonly related: RelatedRepository,
  ) {}

  /** Uploads that a product names are there, and stay. */
  async linkMedia(id: string, media: MediaInputDto[]): Promise<void> {
    const ids = media.flatMap(({ mediaId }) => mediaId ?? []);
    const unknown = ids.length > 0 ? await this.media.unknown(ids) : [];
    if (unknown.length > 0)
      throw mediaProblems.unknown_media(undefined, {
        errors: unknown.map((mediaId) => ({
          pointer: `/media/${media.findIndex((one) => one.mediaId === mediaId)}/mediaId`,
          code: 'unknown_media',
          message: 'is not known',
        })),
      });
    await this.products.linkMedia(id, ids);
  }

  /** Puts the product into these categories and no others, as they come. */
  async setCategories(id: string, handles: string[]): Promise<void> {
    const unknown = await this.products.setCategories(id, handles);
    if (unknown.length === 0) return;
    throw catalogProblems.unknown_category(`There is no category ${unknown.join(', ')}.`, {
      errors: unknown.map((handle) => ({
        pointer: `/categories/${handles.indexOf(handle)}`,
        code: 'unknown_category',
        message: 'is not known',
      })),
    });
  }

  /** The product goes with these, each called by handle or id, and with no others. */
  async setRelated(id: string, keys: string[]): Promise<void> {
    const known = await this.names.idsOf(keys);
    const ids = keys.map((key) => known.get(key.toLowerCase()) ?? null);
    const errors = ids.flatMap((related, at): FieldError[] => {
      const pointer = `/related/${at}`;
      if (related === null) return [{ pointer, code: 'unknown_product', message: 'is not known' }];
      if (related === id) return [{ pointer, code: 'itself', message: 'is the product itself' }];
      return ids.indexOf(related) < at ? [{ pointer, code: 'duplicate', message: 'stands twice' }] : [];
    });
    if (errors.length > 0)
      throw collectionProblems.unknown_product('A related product cannot be one.', { errors });
    await this.related.set(
      id,
      ids.filter((related) => related !== null),
    );
  }
}

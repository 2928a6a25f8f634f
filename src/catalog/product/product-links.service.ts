import { Injectable } from '@nestjs/common';
import { catalogProblems } from '../catalog.errors.js';
import { mediaProblems } from '../media/media.errors.js';
import { MediaRepository } from '../media/media.repository.js';
import type { MediaInputDto } from './product-media.dto.js';
import { ProductRepository } from './product.repository.js';

/** What a product names that lives elsewhere: pictures and categories. */
@Injectable()
export class ProductLinks {
  constructor(
    private readonly products: ProductRepository,
    private readonly media: MediaRepository,
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
}

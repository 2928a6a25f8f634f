import { isForeignKeyViolation, isUniqueViolation } from '../../platform/database/database.js';
import type { FieldError } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { mediaProblems } from '../media/media.errors.js';
import { itself } from './product.rules.js';
import type { VariantRow } from './product.repository.js';

/** Names the field whose value somebody else has, or nobody knows. */
export async function unique(
  write: () => Promise<void>,
  variants: VariantRow[] = [],
  pointer: (index: number) => string = itself,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    const taken = (pointer: string): { errors: FieldError[] } => ({
      errors: [{ pointer, code: 'taken', message: 'is taken' }],
    });
    if (isUniqueViolation(error, 'products_handle_key'))
      throw catalogProblems.handle_taken(undefined, taken('/handle'));
    if (isUniqueViolation(error, 'products_external_id_key'))
      throw catalogProblems.external_id_taken(undefined, taken('/externalId'));
    if (isUniqueViolation(error, 'variants_sku_key')) {
      const { detail = '' } = error as { detail?: string };
      const index = variants.findIndex(({ sku }) => detail.includes(`=(${sku}) `));
      throw catalogProblems.sku_taken(undefined, taken(`${pointer(Math.max(index, 0))}/sku`));
    }
    if (isForeignKeyViolation(error, 'variants_media_fk')) {
      const { detail = '' } = error as { detail?: string };
      const index = variants.findIndex(({ mediaId }) => mediaId !== null && detail.includes(mediaId));
      throw mediaProblems.unknown_media(undefined, {
        errors: [
          {
            pointer: `${pointer(Math.max(index, 0))}/mediaId`,
            code: 'unknown_media',
            message: 'is no picture of the product',
          },
        ],
      });
    }
    if (isForeignKeyViolation(error, 'products_tax_class_fk'))
      throw catalogProblems.unknown_tax_class(undefined, {
        errors: [{ pointer: '/taxClass', code: 'unknown_tax_class', message: 'is not known' }],
      });
    throw error;
  }
}

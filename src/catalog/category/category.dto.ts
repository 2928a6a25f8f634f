import { Integer, Text, Uuid } from '../../platform/http/fields.js';
import { HANDLE } from '../product/product.dto.js';

const hint = '$property must be lower-case letters, digits and single hyphens, such as garden-tools';

export class CategoryDto {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'bags' })
  handle: string;

  @Text({ max: 200, example: 'Bags' })
  title: string;

  @Uuid({ nullable: true })
  parentId: string | null;

  @Integer({ min: 0, max: 1_000_000 })
  position: number;

  @Integer({ min: 1, max: 2_147_483_647 })
  version: number;
}

export class CreateCategoryDto {
  @Text({ max: 120, pattern: HANDLE, patternHint: hint, example: 'garden-tools' })
  handle: string;

  @Text({ max: 200, example: 'Garden tools' })
  title: string;

  @Uuid({ optional: true, nullable: true })
  parentId?: string | null;

  @Integer({ min: 0, max: 1_000_000, optional: true })
  position?: number;
}

export class UpdateCategoryDto {
  @Text({ max: 120, pattern: HANDLE, patternHint: hint, optional: true })
  handle?: string;

  @Text({ max: 200, optional: true, example: 'Tools for the garden' })
  title?: string;

  @Uuid({
    optional: true,
    nullable: true,
    description: 'Moves it with everything below it; null makes it a root.',
  })
  parentId?: string | null;

  @Integer({ min: 0, max: 1_000_000, optional: true })
  position?: number;
}

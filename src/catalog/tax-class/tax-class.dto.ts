import { ListOf, Text } from '../../platform/http/fields.js';

export class TaxClassDto {
  @Text({
    max: 60,
    pattern: /^[a-z][a-z\d-]*$/,
    patternHint: 'must be lower-case letters, digits and hyphens',
    example: 'books',
  })
  code: string;

  @Text({ max: 100, example: 'Books and newspapers' })
  title: string;
}

export class TaxClassesDto {
  @ListOf(() => TaxClassDto, { max: 1000 })
  items: TaxClassDto[];
}

import { Bool, Instant, Integer, ListOf, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { type AttributeKind, KINDS } from './attribute.js';

const TYPE_CODE = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
/** They are names of parameters, `attributes[code]`. */
const ATTRIBUTE_CODE = /^[A-Za-z][A-Za-z0-9_-]*$/;

export class AttributeOptionDto {
  @Text({ max: 80, example: 'linen', description: 'What products have and filters take.' })
  value: string;

  @Text({ max: 120, example: 'Linen' })
  label: string;
}

export class AttributeInputDto {
  @Text({
    max: 60,
    pattern: ATTRIBUTE_CODE,
    patternHint: '$property must be letters, digits, _ and -, and begin with a letter',
    example: 'material',
  })
  code: string;

  @Text({ max: 120, example: 'Material' })
  label: string;

  @OneOf(KINDS, { example: 'enum', description: '`reference`: the handle or id of another product.' })
  kind: AttributeKind;

  @Text({ max: 20, optional: true, nullable: true, description: 'Of a number.', example: 'kg' })
  unit?: string | null;

  @ListOf(() => AttributeOptionDto, {
    max: 500,
    optional: true,
    uniqueBy: 'value',
    description: 'Of an `enum`: what it may be, in the order of the shop.',
  })
  options?: AttributeOptionDto[];

  @Bool({ optional: true, description: 'Every product of the type has it. False when left out.' })
  required?: boolean;

  @Bool({
    optional: true,
    description:
      'Shoppers filter by it, and lists count its values. True when left out, but of a `reference`.',
  })
  facet?: boolean;

  @Bool({ optional: true, description: 'A list of values; of `text` and `enum`. False when left out.' })
  multiple?: boolean;
}

export class AttributeDto extends AttributeInputDto {
  @Text({ max: 20, nullable: true })
  declare unit: string | null;

  @ListOf(() => AttributeOptionDto, { max: 500 })
  declare options: AttributeOptionDto[];

  @Bool()
  declare required: boolean;

  @Bool()
  declare facet: boolean;

  @Bool()
  declare multiple: boolean;
}

export class CreateProductTypeDto {
  @Text({
    max: 60,
    pattern: TYPE_CODE,
    patternHint: '$property must be lower-case letters, digits and hyphens',
    example: 'bag',
  })
  code: string;

  @Text({ max: 120, example: 'Bag' })
  title: string;

  @ListOf(() => AttributeInputDto, { max: 100, uniqueBy: 'code' })
  attributes: AttributeInputDto[];
}

export class UpdateProductTypeDto {
  @Text({ max: 120, optional: true, example: 'Bags and totes' })
  title?: string;

  @ListOf(() => AttributeInputDto, {
    max: 100,
    optional: true,
    uniqueBy: 'code',
    description: 'Replaces them, in this order.',
  })
  attributes?: AttributeInputDto[];
}

/** A kind of products, and what each of them says of itself. */
export class ProductTypeDto {
  @Uuid()
  id: string;

  @Text({ max: 60, example: 'bag' })
  code: string;

  @Text({ max: 120, example: 'Bag' })
  title: string;

  @ListOf(() => AttributeDto, { max: 100 })
  attributes: AttributeDto[];

  @Integer({ min: 1, max: 2_147_483_647, description: 'Also the ETag.' })
  version: number;

  @Instant()
  createdAt: string;

  @Instant()
  updatedAt: string;
}

import { Integer, ListOf, Text, Uuid } from '../../platform/http/fields.js';

export const MAX_PARTS = 20;

export class BundleParams {
  @Uuid()
  id: string;
}

export class ComponentInputDto {
  @Uuid()
  variantId: string;

  @Integer({ min: 1, max: 999, example: 2, description: 'In one piece of the bundle.' })
  quantity: number;
}

export class SetComponentsDto {
  @ListOf(() => ComponentInputDto, { min: 2, max: MAX_PARTS, uniqueBy: 'variantId' })
  components: ComponentInputDto[];
}

export class ComponentDto extends ComponentInputDto {
  @Text({ max: 100, example: 'TOTE-NAT' })
  sku: string;

  @Text({ max: 300, example: 'Linen tote' })
  title: string;

  @Text({ max: 300, example: 'Natural' })
  variantTitle: string;
}

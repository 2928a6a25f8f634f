import { ApiProperty } from '@nestjs/swagger';
import { Integer, Nested, Text } from '../../platform/http/fields.js';

/** What customers make of a product: its published reviews together. */
export class RatingDto {
  @Text({
    max: 3,
    pattern: /^[1-5]\.\d$/,
    example: '4.3',
    description: 'Stars from 1 to 5 with one decimal, as text: exact, and ready to be shown.',
  })
  average: string;

  @Integer({ min: 1, max: 2_147_483_647, example: 3, description: 'Published reviews.' })
  count: number;

  @ApiProperty({
    type: 'array',
    items: { type: 'integer', minimum: 0 },
    minItems: 5,
    maxItems: 5,
    example: [0, 0, 1, 0, 2],
    description: 'How many gave one star, two, three, four and five.',
  })
  distribution: number[];
}

export const Rating = () =>
  Nested(() => RatingDto, { nullable: true, description: 'Null while no review of it is published.' });

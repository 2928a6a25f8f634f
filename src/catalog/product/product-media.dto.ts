import { Integer, ListOf, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { MediaRenditionDto } from '../media/media.dto.js';

const MAX_INT = 2_147_483_647;

/** Of pictures, which shops put into their pages: `javascript:` and its like would run there. */
export const MEDIA_URL = /^(https?:\/\/|\/)/;

/** A picture of a product: one that was uploaded, in the sizes that were made of it, or one that lies elsewhere. */
export class MediaDto {
  @Uuid({ nullable: true, description: 'Of an uploaded picture; null for one that lies elsewhere.' })
  mediaId: string | null;

  @Text({
    max: 2048,
    description: 'Of an uploaded picture its largest size, which every browser shows.',
    example: 'https://cdn.example.test/tote.jpg',
  })
  url: string;

  @Text({ max: 300, min: 0, nullable: true, example: 'A linen tote on a chair' })
  alt: string | null;

  @Integer({
    min: 1,
    max: MAX_INT,
    nullable: true,
    description: 'Of what `url` shows, in pixels; null when nobody knows.',
  })
  width: number | null;

  @Integer({ min: 1, max: MAX_INT, nullable: true })
  height: number | null;

  @ListOf(() => MediaRenditionDto, {
    max: 10,
    description: 'For `srcset`; none of a picture that lies elsewhere.',
  })
  renditions: MediaRenditionDto[];
}

/** As staff see it: pictures that no page shows yet are there too. */
export class AdminMediaDto extends MediaDto {
  @OneOf(['pending', 'ready', 'failed'], {
    nullable: true,
    description: 'Of an uploaded picture: pages show it when it is `ready`.',
  })
  state: string | null;

  @Text({ max: 2048, nullable: true, description: 'Null until it is ready.' })
  declare url: string;
}

/** Either `mediaId` or `url`. */
export class MediaInputDto {
  @Uuid({ optional: true, description: 'Of `POST /v1/admin/media`; it need not be ready.' })
  mediaId?: string;

  @Text({
    max: 2048,
    pattern: MEDIA_URL,
    patternHint: '$property must start with http://, https:// or /',
    optional: true,
    description: 'Of a picture that lies elsewhere.',
    example: 'https://cdn.example.test/tote.jpg',
  })
  url?: string;

  @Text({
    max: 300,
    min: 0,
    optional: true,
    nullable: true,
    description: 'What an uploaded picture says of itself when left out.',
    example: 'A linen tote on a chair',
  })
  alt?: string | null;
}

import { Bool, Instant, Integer, ListOf, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

const MAX_INT = 2_147_483_647;
const PRINTABLE = /^[^\p{Cc}]*$/u;
const printableHint = 'must not hold control characters';
const STATES = ['pending', 'ready', 'failed'] as const;

/** A size of a picture, made by the store. */
export class MediaRenditionDto {
  @Text({
    max: 2048,
    example: 'https://cdn.example.test/v1/media/01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e/480.webp',
  })
  url: string;

  @Integer({ min: 1, max: MAX_INT, description: 'Pixels across.', example: 480 })
  width: number;

  @Text({ max: 60, example: 'image/webp' })
  contentType: string;
}

export class UploadMediaQuery {
  @Text({
    max: 200,
    pattern: PRINTABLE,
    patternHint: printableHint,
    optional: true,
    description: 'What the file is called, for people; it decides nothing.',
    example: 'tote.jpg',
  })
  fileName?: string;

  @Text({
    max: 300,
    min: 0,
    pattern: PRINTABLE,
    patternHint: printableHint,
    optional: true,
    description: 'What it shows, for those who do not see it; a product may say it otherwise.',
    example: 'A linen tote on a chair',
  })
  alt?: string;
}

export class UpdateMediaDto {
  @Text({
    max: 300,
    min: 0,
    optional: true,
    nullable: true,
    pattern: PRINTABLE,
    patternHint: printableHint,
    description: 'What it shows, where a product does not say it otherwise.',
    example: 'A linen tote on a chair',
  })
  alt?: string | null;
}

/** A picture that was uploaded, as staff see it. */
export class UploadedMediaDto {
  @Uuid()
  id: string;

  @OneOf(STATES, { description: 'Pages show it when it is `ready`.' })
  state: string;

  @Text({ max: 300, nullable: true, description: 'Why its sizes could not be made.' })
  failure: string | null;

  @Text({ max: 60, description: 'Of the file that was sent.', example: 'image/jpeg' })
  contentType: string;

  @Integer({ min: 1, max: MAX_INT, description: 'Of the file that was sent.' })
  bytes: number;

  @Integer({ min: 1, max: MAX_INT, description: 'Pixels across, as it is looked at.' })
  width: number;

  @Integer({ min: 1, max: MAX_INT })
  height: number;

  @Text({ max: 200, nullable: true, example: 'tote.jpg' })
  fileName: string | null;

  @Text({ max: 300, min: 0, nullable: true, example: 'A linen tote on a chair' })
  alt: string | null;

  @Text({
    max: 2048,
    nullable: true,
    description: 'The largest size, as JPEG or PNG; null until it is ready.',
  })
  url: string | null;

  @ListOf(() => MediaRenditionDto, { max: 10 })
  renditions: MediaRenditionDto[];

  @Bool({ description: 'Whether a product has it in its `media`.' })
  used: boolean;

  @Integer({ min: 1, max: MAX_INT, description: 'Also the ETag.' })
  version: number;

  @Instant()
  createdAt: string;

  @Text({ max: 100, nullable: true, description: 'Id of the person or key that sent it first.' })
  createdBy: string | null;
}

export class MediaPageQuery extends PageQuery {
  @OneOf(STATES, { optional: true })
  state?: string;

  @Bool({
    optional: true,
    description: 'True: only those that no product has; false: only those that one has.',
  })
  unused?: boolean;
}

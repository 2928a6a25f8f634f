import { Instant, Integer, ListOf, Text, Uuid } from '../../platform/http/fields.js';

export class DigitalFilesParams {
  @Uuid()
  id: string;
}

export class DigitalFileParams extends DigitalFilesParams {
  @Uuid()
  fileId: string;
}

export class UploadFileQuery {
  @Text({
    max: 150,
    // No folders and nothing that a header could not hold.
    pattern: /^[^\p{Cc}/\\]+$/u,
    patternHint: '$property must be the name of a file, without folders',
    example: 'the-weaving-book.epub',
    description: 'What it is called when it is downloaded.',
  })
  name: string;

  @Text({
    max: 100,
    pattern: /^[\w.+-]+\/[\w.+-]+$/,
    patternHint: '$property must be a media type such as application/pdf',
    optional: true,
    example: 'application/epub+zip',
    description: 'What it is told to be when it is downloaded; `application/octet-stream` when left out.',
  })
  contentType?: string;

  @Uuid({ optional: true, description: 'A file of the variant that this one takes the place of.' })
  replaces?: string;
}

export class DigitalFileDto {
  @Uuid()
  id: string;

  @Text({ max: 150, example: 'the-weaving-book.epub' })
  name: string;

  @Text({ max: 100, example: 'application/epub+zip' })
  contentType: string;

  @Integer({ min: 1, max: Number.MAX_SAFE_INTEGER, example: 734_003 })
  bytes: number;

  @Text({ max: 64, description: 'Hexadecimal.' })
  sha256: string;

  @Instant()
  createdAt: string;
}

export class DigitalFilesDto {
  @ListOf(() => DigitalFileDto, { max: 50 })
  items: DigitalFileDto[];
}

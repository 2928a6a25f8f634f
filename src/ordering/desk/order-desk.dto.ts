import { Instant, OneOf, Paragraphs, Text, TextList, Uuid } from '../../platform/http/fields.js';

export class HoldOrderDto {
  @Text({ max: 500, example: 'The address looks wrong: asked the buyer' })
  reason: string;
}

export class TagOrderDto {
  @TextList({
    max: 50,
    maxLength: 50,
    unique: true,
    example: ['vip', 'gift wrap'],
    description: 'Kept in small letters, each once.',
  })
  tags: string[];
}

export class AddNoteDto {
  @Paragraphs({ max: 5000, example: 'Called: will be at home on Friday.' })
  body: string;
}

export class OrderNoteDto {
  @Uuid()
  id: string;

  @Text({ max: 5000 })
  body: string;

  @OneOf(['anonymous', 'person', 'machine', 'system'])
  actor: string;

  @Text({ max: 100, nullable: true, description: 'Id of who wrote it.' })
  actorId: string | null;

  @Instant()
  createdAt: string;
}

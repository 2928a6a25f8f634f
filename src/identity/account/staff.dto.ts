import { OneOf, TextList } from '../../platform/http/fields.js';

export class StaffChangeDto {
  @TextList({
    max: 20,
    maxLength: 60,
    optional: true,
    example: ['support', 'read-only'],
    description: 'All roles from now on.',
  })
  roles?: string[];

  @OneOf(['active', 'disabled'], {
    optional: true,
    example: 'active',
    description: '`disabled` signs out everywhere and revokes the API keys of this person for good.',
  })
  status?: string;
}

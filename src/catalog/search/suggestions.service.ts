import { Injectable } from '@nestjs/common';
import { BEGINNING } from './search-index.repository.js';
import { oneSlipAway } from './spelling.service.js';
import { SuggestionsRepository } from './suggestions.repository.js';

/** What may be meant while it is being typed. */
@Injectable()
export class Suggestions {
  constructor(private readonly suggestions: SuggestionsRepository) {}

  /** JSON text. All words but the last are typed to their end; that one may be half a word or mistyped. */
  of(q: string): Promise<string> {
    const words = q.replace(/\0/g, '').trim().split(/\s+/);
    const last = words.pop() ?? '';
    const slips = oneSlipAway(last.toLowerCase()).filter(({ length }) => length > BEGINNING);
    return this.suggestions.find({ earlier: words.join(' '), last, slips });
  }
}

import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { CachedPage } from '../../platform/http/page-cache.js';
import { SuggestionsDto, SuggestionsQuery } from './suggestions.dto.js';
import { Suggestions } from './suggestions.service.js';

/** Help while a shopper types: the same for everybody, so it shows no prices. */
@Controller('v1/products/suggestions')
@ApiTags('Products')
@Public()
export class SuggestionsController {
  constructor(private readonly suggestions: Suggestions) {}

  @Get()
  @CachedPage()
  @Operation({
    id: 'suggestProducts',
    headers: ['ETag'],
    summary: 'Suggests while a shopper types',
    description:
      'Up to six queries that go on from what was typed, five products and three categories. The last word may be half ' +
      'a word or mistyped; case and accents do not matter. Products whose title begins like this come first, then the ' +
      'order of the shop. Less than 10 kB, one statement, and kept like every page of the shop: ask at every key.',
    answers: { 200: SuggestionsDto },
    rawJson: true,
  })
  suggest(@Query() { q }: SuggestionsQuery): Promise<string> {
    return this.suggestions.of(q);
  }
}

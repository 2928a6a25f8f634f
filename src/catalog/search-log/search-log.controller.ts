import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { SearchQueriesQuery, SearchQueryDto } from './search-log.dto.js';
import { SearchLog } from './search-log.service.js';

@Controller('v1/admin/search/queries')
@ApiTags('Search')
@Permissions('catalog:product:read')
export class SearchLogController {
  constructor(
    private readonly searches: SearchLog,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Operation({
    id: 'listSearchQueries',
    summary: 'Lists what was searched for in the last 30 days',
    description:
      'By query, the most frequent first, with `withoutResults=true` by how often nothing was found: what to sell, or ' +
      'which synonym is missing. Only first pages count; a search that filters found nothing for counts as a search and ' +
      'not as one without results, as does one whose typing error was corrected. Who searched is not kept, and what ' +
      'looks like an address or a long number is not counted. Up to ten seconds late; the day is that of UTC, and of ' +
      'each at most 5,000 different queries are kept.',
    answers: { 200: PageOf(SearchQueryDto) },
    problems: [platformProblems.invalid_cursor],
  })
  async list(
    @Query() { limit, cursor, withoutResults = false }: SearchQueriesQuery,
  ): Promise<Page<SearchQueryDto>> {
    const list = `search-queries:${withoutResults}`;
    const after = this.cursors.decode(list, cursor) as [number, string] | null;
    const rows = await this.searches.list(withoutResults, after, limit + 1);
    const { items, nextCursor } = this.cursors.page(list, rows, limit, (row) => [
      withoutResults ? row.withoutResults : row.searches,
      row.query,
    ]);
    return {
      items: items.map(({ query, searches, withoutResults: inVain, lastSeen }) => ({
        ...{ query, searches, withoutResults: inVain, lastSeen: lastSeen.toISOString() },
      })),
      nextCursor,
    };
  }
}

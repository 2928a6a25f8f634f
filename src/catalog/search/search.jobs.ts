import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { SearchLog } from '../search-log/search-log.service.js';
import { SearchIndex } from './search-index.service.js';

@Subscriber()
export class SearchJobs {
  constructor(
    private readonly searchIndex: SearchIndex,
    private readonly searches: SearchLog,
  ) {}

  @Every('10m', 'catalog.count_search_words', { time: 'real' })
  async countWords(): Promise<void> {
    await this.searchIndex.countWords();
  }

  @Every('1h', 'catalog.forget_search_queries')
  async forgetQueries(): Promise<void> {
    await this.searches.forgetOld();
  }
}

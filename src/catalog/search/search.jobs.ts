import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { SearchIndex } from './search-index.service.js';

@Subscriber()
export class SearchJobs {
  constructor(private readonly searchIndex: SearchIndex) {}

  @Every('10m', 'catalog.count_search_words')
  async countWords(): Promise<void> {
    await this.searchIndex.countWords();
  }
}

import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { RecommendationCounting } from './counting.service.js';

@Subscriber()
export class RecommendationJobs {
  constructor(private readonly counting: RecommendationCounting) {}

  @Every('5m', 'catalog.count_bought_together')
  async boughtTogether(): Promise<void> {
    await this.counting.boughtTogether();
  }

  @Every('10m', 'catalog.count_facets')
  async facetCounts(): Promise<void> {
    await this.counting.facetCounts();
  }
}

import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { FeedService } from './feed.service.js';

@Subscriber()
export class FeedJobs {
  constructor(private readonly feeds: FeedService) {}

  @Every('1h', 'catalog.refresh_feeds')
  async refresh(): Promise<void> {
    await this.feeds.refreshAll();
  }
}

import { Every, On, Subscriber } from '../../platform/events/subscribers.js';
import { BackInStock, StockAwaited } from '../catalog.events.js';
import { StockNotices } from './stock-notice.service.js';

@Subscriber()
export class StockNoticeSubscribers {
  constructor(private readonly notices: StockNotices) {}

  @On(BackInStock, { transactional: false })
  back({ payload: { variantId } }: BackInStock): Promise<void> {
    return this.notices.tell(variantId);
  }

  /** It may have come back in the very moment in which somebody asked, or was there all the time. */
  @On(StockAwaited, { transactional: false })
  awaited({ payload: { variantId } }: StockAwaited): Promise<void> {
    return this.notices.tell(variantId);
  }

  @Every('60s', 'catalog.tell_awaited')
  tellAwaited(): Promise<void> {
    return this.notices.tellAll();
  }

  @Every('1h', 'catalog.reseal_stock_notices', { time: 'real' })
  reseal(): Promise<void> {
    return this.notices.reseal();
  }
}

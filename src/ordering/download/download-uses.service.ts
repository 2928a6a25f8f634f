import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { OrderRepository } from '../order/order.repository.js';
import { DigitalOrders } from './digital-orders.service.js';
import { downloadProblems } from './download.errors.js';
import type { DownloadLink } from './download-link.js';
import { DownloadRepository } from './download.repository.js';
import { stateOf } from './entitlement.js';
import { SoldFiles } from './sold-files.service.js';

/** Counts what is downloaded, as often and as long as it was sold. */
@Injectable()
export class DownloadUses {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly downloads: DownloadRepository,
    private readonly files: SoldFiles,
    private readonly billing: BillingApi,
    private readonly digital: DigitalOrders,
    private readonly clock: Clock,
  ) {}

  /** Under the lock of the order, so that nobody downloads what is being canceled, or more often than was sold. */
  async count(link: DownloadLink): Promise<void> {
    await this.database.transaction(async () => {
      const order = await this.orders.locked(link.orderId);
      const line = order?.lines.find(({ id }) => id === link.lineId);
      if (!order || !line?.download) throw platformProblems.not_found();
      const payments = await this.billing.paymentsOf([order.id]);
      const now = this.clock.now();
      const file = (await this.files.of([line])).get(line.id)?.find(({ id }) => id === link.fileId);
      if (!file) throw platformProblems.not_found();
      const state = stateOf(order, line, payments, { uses: 0, since: file.since }, now);
      if (state !== 'ready') throw downloadProblems.download_refused(`The download is ${state}.`);
      if (!(await this.downloads.use(link, line.download.limit, now)))
        throw downloadProblems.download_refused('It was downloaded as often as it may be.');
      await this.digital.completeDownloaded(order);
    });
  }
}

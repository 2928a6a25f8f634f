import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { newId } from '../../platform/ids.js';
import type { Holder } from '../cart/cart.access.js';
import { OrderAccess } from '../order/order-access.service.js';
import { OrderService } from '../order/order.service.js';
import type { OrderDownloadDto } from './download.dto.js';
import { writeLink } from './download-link.js';
import { DownloadRepository } from './download.repository.js';
import { stateOf, untilOf } from './entitlement.js';
import { SoldFiles } from './sold-files.service.js';

const LINK_MS = 15 * 60_000;

/** What of an order can be downloaded, and by which links. */
@Injectable()
export class OrderDownloads {
  private readonly key: Buffer;

  constructor(
    private readonly reader: OrderService,
    private readonly access: OrderAccess,
    private readonly downloads: DownloadRepository,
    private readonly files: SoldFiles,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.key = config.key('downloads');
  }

  /** Every file of an order, with links for its holder that end after a quarter of an hour; staff see no links. */
  async list(orderId: string, holder: Holder): Promise<OrderDownloadDto[]> {
    const { order, payments } = await this.reader.get(orderId, holder);
    const uses = await this.downloads.usesOf(orderId);
    const isHolder = await this.access.opens(holder, order);
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + LINK_MS);
    const files = await this.files.of(order.lines);
    return order.lines.flatMap((line) =>
      (files.get(line.id) ?? []).map(({ id: fileId, name, bytes, since }): OrderDownloadDto => {
        const { id: lineId, title, download } = line;
        const used = uses.find((one) => one.lineId === lineId && one.fileId === fileId)?.uses ?? 0;
        const state = stateOf(order, line, payments, { uses: used, since }, now);
        const link = { linkId: newId(), orderId, lineId, fileId, expiresAt };
        const opens = state === 'ready' && isHolder;
        return {
          lineId,
          fileId,
          title,
          name,
          bytes,
          state,
          url: opens ? `/v1/downloads/${writeLink(link, this.key)}` : null,
          urlExpiresAt: opens ? expiresAt.toISOString() : null,
          downloadsLeft: download?.limit == null ? null : Math.max(0, download.limit - used),
          availableUntil: untilOf(order, line, since)?.toISOString() ?? null,
        };
      }),
    );
  }
}

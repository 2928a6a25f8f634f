import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { CatalogApi, type DigitalFile } from '../../catalog/catalog.api.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { Holder } from '../cart/cart.access.js';
import type { OrderLine } from '../order/order.js';
import { OrderAccess } from '../order/order-access.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { OrderService } from '../order/order.service.js';
import type { OrderDownloadDto } from './download.dto.js';
import { DigitalOrders } from './digital-orders.service.js';
import { downloadProblems } from './download.errors.js';
import { type DownloadLink, readLink, writeLink } from './download-link.js';
import { DownloadRepository } from './download.repository.js';
import { stateOf, untilOf } from './entitlement.js';

/** `since` when it came, if that was after the order. */
interface LineFile {
  id: string;
  name: string;
  bytes: number;
  since: Date | null;
}

const LINK_MS = 15 * 60_000;

/** What was bought and is downloaded: who may, how often and how long. */
@Injectable()
export class DownloadService {
  private readonly key: Buffer;

  constructor(
    private readonly database: Database,
    private readonly reader: OrderService,
    private readonly access: OrderAccess,
    private readonly orders: OrderRepository,
    private readonly downloads: DownloadRepository,
    private readonly catalog: CatalogApi,
    private readonly billing: BillingApi,
    private readonly digital: DigitalOrders,
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
    const files = await this.filesOf(order.lines);
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

  /** What was sold with each line; where that was nothing yet, what is sold with it now. */
  private async filesOf(lines: readonly OrderLine[]): Promise<Map<string, LineFile[]>> {
    const isEmpty = ({ download }: OrderLine) => download !== null && download.files.length === 0;
    const late = await this.catalog.filesOf(lines.filter(isEmpty).map(({ variantId }) => variantId));
    return new Map(
      lines.map((line) => [
        line.id,
        isEmpty(line)
          ? late
              .filter(({ variantId }) => variantId === line.variantId)
              .map(({ createdAt: since, ...file }) => ({ ...file, since }))
          : (line.download?.files ?? []).map((file) => ({ ...file, since: null })),
      ]),
    );
  }

  /** The file of a link, to be read or destroyed. The first use of a link counts; 404 for one that we did not make. */
  async open(token: string): Promise<{ file: DigitalFile; bytes: Readable }> {
    const link = readLink(token, this.key);
    if (link === null) throw platformProblems.not_found();
    if (link.expiresAt <= this.clock.now()) throw downloadProblems.download_refused('The link is too old.');
    const opened = await this.catalog.openFile(link.fileId);
    if (opened === null) throw platformProblems.not_found();
    try {
      await this.count(link);
    } catch (error) {
      opened.bytes.destroy();
      throw error;
    }
    return opened;
  }

  /** Under the lock of the order, so that nobody downloads what is being canceled, or more often than was sold. */
  private async count(link: DownloadLink): Promise<void> {
    await this.database.transaction(async () => {
      const order = await this.orders.locked(link.orderId);
      const line = order?.lines.find(({ id }) => id === link.lineId);
      if (!order || !line?.download) throw platformProblems.not_found();
      const payments = await this.billing.paymentsOf([order.id]);
      const now = this.clock.now();
      const file = (await this.filesOf([line])).get(line.id)?.find(({ id }) => id === link.fileId);
      if (!file) throw platformProblems.not_found();
      const state = stateOf(order, line, payments, { uses: 0, since: file.since }, now);
      if (state !== 'ready') throw downloadProblems.download_refused(`The download is ${state}.`);
      if (!(await this.downloads.use(link, line.download.limit, now)))
        throw downloadProblems.download_refused('It was downloaded as often as it may be.');
      await this.digital.completeDownloaded(order);
    });
  }
}

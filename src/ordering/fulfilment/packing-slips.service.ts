import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { drawPdf } from '../../platform/pdf/pdf.js';
import type { Order, OrderLine } from '../order/order.js';
import { addressLines, nameOf } from '../order/order.mails.js';
import { isSent } from '../order/order.statuses.js';
import type { Fulfilment } from './fulfilment.js';
import { FulfilmentReader } from './fulfilment-reader.service.js';
import { drawPackingSlip, type PackingSlip } from './packing-slip.js';

/** Sheets for parcels, drawn anew each time: what they say is only in the order. */
@Injectable()
export class PackingSlips {
  constructor(
    private readonly reader: FulfilmentReader,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  async draw(id: string): Promise<{ name: string; bytes: Buffer }> {
    const { order, fulfilment } = await this.reader.find(id);
    const slip = slipOf(order, fulfilment, this.config);
    const title = `Packing slip ${order.number}`;
    const bytes = await drawPdf(title, this.clock.now(), (pdf) => drawPackingSlip(pdf, slip));
    return { name: `packing-slip-${order.number}.pdf`, bytes };
  }
}

function slipOf(order: Order, fulfilment: Fulfilment, config: Config): PackingSlip {
  const piecesOf = (line: OrderLine) =>
    fulfilment.lines.find(({ lineId }) => lineId === line.id)?.quantity ?? 0;
  const sent = order.lines.filter(isSent);
  return {
    shop: config.shopName,
    returnTo: config.returnAddress,
    number: order.number,
    placedOn: (order.placedAt ?? order.createdAt).toISOString().slice(0, 10),
    to: order.shippingAddress ? addressLines(order.shippingAddress) : [],
    by: [fulfilment.carrier, fulfilment.service].filter((part) => part !== null).join(' '),
    giftMessage: order.giftMessage,
    lines: sent.flatMap((line) => {
      const quantity = piecesOf(line);
      const parts = (line.components ?? []).map(
        (part) => `${part.quantity * quantity} × ${part.title} (${part.sku})`,
      );
      const words = Object.entries(line.properties ?? {}).map(([name, value]) => `${name}: ${value}`);
      return quantity === 0
        ? []
        : [{ quantity, sku: line.sku, title: nameOf(line), parts: [...words, ...parts] }];
    }),
    elsewhere: sent.flatMap((line) => {
      const others = line.quantity - piecesOf(line);
      return others === 0 ? [] : [`${others} × ${nameOf(line)}`];
    }),
  };
}

import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { PriceRepository } from '../price/price.repository.js';
import { StockService } from '../stock/stock.service.js';
import type { VariantRow } from './product.repository.js';
import type { VariantInputDto } from './variant.dto.js';

/** What a variant is sold for and how many there are, as the call says that makes it. */
@Injectable()
export class VariantEquipment {
  constructor(
    private readonly prices: PriceRepository,
    private readonly stock: StockService,
    private readonly clock: Clock,
  ) {}

  /** Gives new variants the prices, stock and backorder limits of their inputs; `pointer` tells where an input stands. */
  async equip(
    variants: VariantRow[],
    inputs: VariantInputDto[],
    actor: Actor,
    pointer: (index: number) => string,
  ): Promise<void> {
    const prices = variants.flatMap(({ id }, index) =>
      (inputs[index]?.prices ?? []).map(({ amount, currency, compareAt = null }) => ({
        variantId: id,
        currency,
        amount,
        compareAt,
      })),
    );
    if (prices.length > 0) await this.prices.append(prices, this.clock.now(), personId(actor) ?? actor.kind);
    const stock = variants.flatMap(({ id }, index) =>
      (inputs[index]?.stock ?? [])
        .map(({ location, onHand }, place) => ({
          variantId: id,
          location,
          kind: 'received' as const,
          quantity: onHand,
          reason: null,
          pointer: `${pointer(index)}/stock/${place}`,
        }))
        .filter(({ quantity }) => quantity > 0),
    );
    if (stock.length > 0)
      await this.stock.change(
        stock,
        actor,
        (index, field) => `${stock[index]?.pointer ?? ''}/${field === 'location' ? field : 'onHand'}`,
      );
    for (const [index, { backorderLimit = 0 }] of inputs.entries()) {
      const variant = variants[index];
      if (backorderLimit > 0 && variant) await this.stock.setBackorderLimit(variant.id, backorderLimit);
    }
  }
}

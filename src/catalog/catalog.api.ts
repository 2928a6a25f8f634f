import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../platform/access/actor.js';
import { Clock } from '../platform/clock.js';
import { Database } from '../platform/database/database.js';
import { Money } from '../platform/money/money.js';
import { piecesOf, together } from './bundle/pieces.js';
import { type Shelf, ShelvesRepository } from './category/shelves.repository.js';
import { type ProductPlaces, ProductPlacesRepository } from './collection/product-places.repository.js';
import type { DigitalFile, SoldFile } from './digital/digital-file.repository.js';
import { DigitalFiles } from './digital/digital-files.service.js';
import { priceOf } from './price/price-rule.js';
import {
  type SellableDownload,
  type SellablePart,
  SellableRepository,
} from './product/sellable.repository.js';
import type { VariantKind } from './product/variant-kind.js';
import { TaxClassRepository } from './tax-class/tax-class.repository.js';
import { StockReader } from './stock/stock.reader.service.js';
import { StockService } from './stock/stock.service.js';
import { ReservationChanges } from './stock/reservation-changes.service.js';
import { ReservationService, type SoldAhead } from './stock/reservation.service.js';

export type { DigitalFile, SoldFile } from './digital/digital-file.repository.js';
export type { Shelf } from './category/shelves.repository.js';
export type { ProductPlaces } from './collection/product-places.repository.js';
export { VARIANT_KINDS, type VariantKind } from './product/variant-kind.js';
export type { SellableDownload, SellablePart } from './product/sellable.repository.js';

/** A variant as whoever sells it needs to know it, at this moment. */
export interface SellableVariant {
  variantId: string;
  productId: string;
  sku: string;
  /** Title of the product. */
  title: string;
  variantTitle: string;
  options: Record<string, string>;
  /** Of one piece, for the group and the quantity that were asked about. */
  unitPrice: Money;
  taxClass: string;
  weightGrams: number;
  /** Of one piece, packed; 0: not measured. */
  lengthMm: number;
  widthMm: number;
  heightMm: number;
  /** A word that shipping methods ask for, such as `bulky`; null: none. */
  shippingClass: string | null;
  /** Pieces that could be reserved now, without backorders. */
  available: number;
  /** Pieces that could be reserved now, with backorders and those that are sold ahead. */
  most: number;
  /** Pieces in one order; null: as many as there are. */
  maxPerOrder: number | null;
  /** Pieces that one customer may have bought in all; null: as many as there are. Whoever sells counts them. */
  maxPerCustomer: number | null;
  /** False: nobody counts it, there is always enough. */
  stockTracked: boolean;
  kind: VariantKind;
  /** Of a digital one: what a sale gives, and how often and how long each file may be downloaded. */
  download: SellableDownload | null;
  /** What a bundle is made of, and what is left of each; null for what is its own. */
  components: SellablePart[] | null;
}

/** Where pieces of a variant are taken from. */
export interface StockSource {
  variantId: string;
  /** Code of the location. */
  location: string;
  locationName: string;
  quantity: number;
  shipped: number;
}

/** What a location gives to a reference. */
export interface SourceOf extends StockSource {
  reference: string;
}

/** How many of which variant. */
export interface VariantQuantity {
  variantId: string;
  quantity: number;
}

/**
 * How many of which variant, and what that takes from the stock: itself unless it says otherwise. Say the same of a line
 * whenever it is held or sent; a bundle may be made of other parts meanwhile.
 */
export interface StockLine extends VariantQuantity {
  /** Of a bundle: its parts, and how many one piece takes. */
  components?: readonly { variantId: string; quantity: number; stockTracked: boolean }[] | null;
  /** False: it takes nothing. */
  stockTracked?: boolean;
  /** What is sent leaves from this location (its code) and no other; left out: from wherever it is promised. */
  location?: string;
}

/** What other modules may ask the catalog. */
@Injectable()
export class CatalogApi {
  constructor(
    private readonly sellables: SellableRepository,
    private readonly productPlaces: ProductPlacesRepository,
    private readonly shelves: ShelvesRepository,
    private readonly stock: ReservationService,
    private readonly reader: StockReader,
    private readonly reservations: ReservationChanges,
    private readonly movements: StockService,
    private readonly files: DigitalFiles,
    private readonly taxClasses: TaxClassRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Published variants with their price in the currency for this quantity and these customer groups; those that are unknown,
   * unpublished, retired or unpriced are missing. A variant stands in `lines` once.
   */
  async sellable(
    lines: readonly VariantQuantity[],
    currency: string,
    groups: readonly string[],
  ): Promise<SellableVariant[]> {
    const at = this.clock.now();
    const quantities = new Map(lines.map(({ variantId, quantity }) => [variantId, quantity]));
    const rows = await this.sellables.find([...quantities.keys()], currency, at);
    return rows.flatMap(({ base, entries, ...row }) => {
      const quantity = quantities.get(row.variantId) ?? 1;
      const price = priceOf(base, entries, { groups, quantity, at });
      return price === null ? [] : [{ ...row, unitPrice: Money.of(price.amount, currency) }];
    });
  }

  /**
   * Which of these categories and collections published products are in now; a category holds what stands below it, and
   * a collection by rule what its rule says at this moment. Asks nothing when nothing is asked.
   */
  places(
    productIds: readonly string[],
    asked: { categories: readonly string[]; collections: readonly string[] },
  ): Promise<ProductPlaces[]> {
    if (productIds.length === 0 || asked.categories.length + asked.collections.length === 0)
      return Promise.resolve([]);
    return this.productPlaces.find(productIds, asked.categories, asked.collections);
  }

  /** Every category that these products, published or not, stand in now, itself or by one below it. */
  shelvesOf(productIds: readonly string[]): Promise<Shelf[]> {
    if (productIds.length === 0) return Promise.resolve([]);
    return this.shelves.find(productIds);
  }

  /**
   * Holds pieces for a reference (an order) until `expiresAt`, in the caller's transaction. All lines or none:
   * `catalog.out_of_stock` (409) points at each line that cannot be served. Stock rows are locked in the order of
   * their ids, parts of bundles too, so two buyers never deadlock. Repeating it for the same reference takes what it does not
   * hold yet (a hold may have ended) and extends the rest. Returns what was taken ahead of the day that it will be there.
   */
  async reserve(reference: string, lines: readonly StockLine[], expiresAt: Date): Promise<SoldAhead[]> {
    this.mustBeInTransaction();
    return this.stock.reserve(reference, piecesOf(lines), expiresAt);
  }

  /** Which location gives what to a reference; nothing once it was given back. */
  async sources(reference: string): Promise<StockSource[]> {
    const rows = await this.reader.taken([reference]);
    return rows.map(({ state: _, reference: __, ...source }) => source);
  }

  /** Which location gives what to each of these references, in one question. */
  async sourcesOf(references: readonly string[]): Promise<SourceOf[]> {
    if (references.length === 0) return [];
    const rows = await this.reader.taken(references);
    return rows.map(({ state: _, ...source }) => source);
  }

  /** The name of a location by its code; null when there is none. */
  locationName(code: string): Promise<string | null> {
    return this.reader.locationName(code);
  }

  /**
   * Lets a hold end later, never earlier, in the caller's transaction. False when the hold, or a part of it, has
   * ended and was freed: `reserve` takes what is missing, while it is there.
   */
  async extendReservation(reference: string, until: Date): Promise<boolean> {
    this.mustBeInTransaction();
    return this.stock.extend(reference, until);
  }

  /**
   * Promises what was held: reserved becomes allocated. When the hold ended meanwhile it tries to take the same
   * again; false means that not enough is left, and that nothing was changed. Repeating it is harmless.
   */
  async allocate(reference: string): Promise<boolean> {
    this.mustBeInTransaction();
    return this.stock.allocate(reference);
  }

  /** Gives back everything of the reference that was not shipped. Repeating it is harmless. */
  async release(reference: string): Promise<void> {
    await this.stock.release(reference);
  }

  /**
   * Sends allocated pieces away: on hand and allocated drop together. Refuses more than is allocated, at the location that
   * a line names or at all.
   */
  async ship(reference: string, lines: readonly StockLine[]): Promise<void> {
    this.mustBeInTransaction();
    await this.stock.ship(reference, together(piecesOf(lines)));
  }

  /**
   * In the caller's transaction: locks the stock of these lines and of what the references hold, in the order of ids. Whoever
   * is going to release, reserve and take back in one transaction calls this first.
   */
  async lockStock(lines: readonly StockLine[], references: readonly string[]): Promise<void> {
    this.mustBeInTransaction();
    const variants = [...new Set(piecesOf(lines).map(({ variantId }) => variantId))];
    await this.reservations.lock(variants, [...references]);
  }

  /**
   * In the caller's transaction: gives back some of what a reference holds or was promised, at the location that a line names
   * or wherever; what was shipped is not touched.
   */
  async releasePieces(reference: string, lines: readonly StockLine[]): Promise<void> {
    this.mustBeInTransaction();
    await this.reservations.giveBack(reference, together(piecesOf(lines)));
  }

  /** In the caller's transaction: what was allocated to one reference is from now on allocated to another. */
  async joinReservation(from: string, into: string): Promise<void> {
    this.mustBeInTransaction();
    await this.reservations.join(from, into);
  }

  /**
   * In the caller's transaction: pieces that were sent lie at a location again and can be sold; 422 for a location or a
   * variant that there is not, 422 for what nobody counts. Of a bundle its parts come back.
   */
  async takeBack(lines: readonly (StockLine & { location: string })[], actor: Actor): Promise<void> {
    this.mustBeInTransaction();
    const changes = lines.flatMap((line) =>
      piecesOf([line]).map(({ variantId, quantity }) => ({
        variantId,
        location: line.location,
        kind: 'returned' as const,
        quantity,
        reason: null,
      })),
    );
    if (changes.length > 0) await this.movements.change(changes, actor);
  }

  /** Those of these tax classes that there are. */
  knownTaxClasses(codes: readonly string[]): Promise<Set<string>> {
    return this.taxClasses.known(codes);
  }

  /** The files that a sale of these variants gives now, the oldest first. */
  filesOf(variantIds: readonly string[]): Promise<SoldFile[]> {
    return this.files.soldWith(variantIds);
  }

  /** A file that was sold, with its bytes to be read or destroyed; null when there is none. Not in a transaction. */
  openFile(id: string): Promise<{ file: DigitalFile; bytes: Readable } | null> {
    return this.files.open(id);
  }

  /** These belong to what the caller does with them, or a crash would leave one without the other. */
  private mustBeInTransaction(): void {
    if (!this.database.inTransaction) throw new Error('call this inside the transaction that it belongs to');
  }
}

import { DomainEvent } from '../platform/events/event.js';

/** What a product page shows beyond its stock has changed: texts, prices, variants, status, category. */
export class ProductChanged extends DomainEvent<{ productIds: string[] }> {
  static readonly type = 'catalog.product_changed';
}

/** The tree of categories has changed: a title, a place, one more or one less. */
export class CategoryChanged extends DomainEvent<{ categoryId: string }> {
  static readonly type = 'catalog.category_changed';
}

/** A collection has changed: what it says of itself, what is in it, or whether it is shown. */
export class CollectionChanged extends DomainEvent<{ collectionId: string }> {
  static readonly type = 'catalog.collection_changed';
}

/** A price list is new or holds otherwise: for others, at another time, or not any more. */
export class PriceListChanged extends DomainEvent<{ priceListId: string }> {
  static readonly type = 'catalog.price_list_changed';
}

/** Pages show another promotion on prices, or one less, or pick among them otherwise. */
export class ListedPromotionsChanged extends DomainEvent<{ promotionId: string | null }> {
  static readonly type = 'catalog.listed_promotions_changed';
}

/** What staff say of the search has changed: synonyms, or what is pinned to a query. */
export class SearchRulesChanged extends DomainEvent<{ id: string }> {
  static readonly type = 'catalog.search_rules_changed';
}

/** Many prices wait to be changed. */
export class PriceChangeRequested extends DomainEvent<{ changeId: string }> {
  static readonly type = 'catalog.price_change_requested';
}

/** How many can be sold has changed. */
export class StockChanged extends DomainEvent<{ variantIds: string[] }> {
  static readonly type = 'catalog.stock_changed';
}

/** Of a variant so few are left in all locations that staff want to know; told once, until there were more again. */
export class StockLow extends DomainEvent<{ variantId: string; available: number; lowStockAt: number }> {
  static readonly type = 'catalog.stock_low';
}

/** Of a variant nothing was left, and now there is something. */
export class BackInStock extends DomainEvent<{ variantId: string; available: number }> {
  static readonly type = 'catalog.back_in_stock';
}

/** Somebody asked to be told when a variant is there. */
export class StockAwaited extends DomainEvent<{ variantId: string }> {
  static readonly type = 'catalog.stock_awaited';
}

/** A stocktake with many differences waits to be written. */
export class StocktakeConfirmed extends DomainEvent<{ stocktakeId: string }> {
  static readonly type = 'catalog.stocktake_confirmed';
}

/** A picture waits for its sizes to be made. */
export class MediaUploaded extends DomainEvent<{ mediaId: string }> {
  static readonly type = 'catalog.media_uploaded';
}

/** What pages show of a picture has changed: it is ready, or called otherwise. */
export class MediaChanged extends DomainEvent<{ mediaId: string }> {
  static readonly type = 'catalog.media_changed';
}

/** A file waits to be imported. */
export class ImportRequested extends DomainEvent<{ importId: string }> {
  static readonly type = 'catalog.import_requested';
}

/** A product type has changed: what its products say of themselves, or how that is called. */
export class ProductTypeChanged extends DomainEvent<{ productTypeId: string }> {
  static readonly type = 'catalog.product_type_changed';
}

/** Texts of a thing in another language than that of the shop have changed. */
export class TranslationChanged extends DomainEvent<{
  subject: 'product' | 'category' | 'collection' | 'product_type';
  subjectId: string;
  locale: string;
}> {
  static readonly type = 'catalog.translation_changed';
}

/** A file waits to be written. */
export class ExportRequested extends DomainEvent<{ exportId: string }> {
  static readonly type = 'catalog.export_requested';
}

import { Module } from '@nestjs/common';
import { CatalogIntegrity } from './integrity/catalog-integrity.service.js';
import { CatalogIntegrityRepository } from './integrity/integrity.repository.js';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PlatformModule } from '../platform/platform.module.js';
import { BundleController } from './bundle/bundle.controller.js';
import { BundleRepository } from './bundle/bundle.repository.js';
import { BundleService } from './bundle/bundle.service.js';
import { BatchController } from './batch/batch.controller.js';
import { CatalogApi } from './catalog.api.js';
import { CategoryController } from './category/category.controller.js';
import { Category } from './category/category.entity.js';
import { CategoryRepository } from './category/category.repository.js';
import { CategoryService } from './category/category.service.js';
import { AdminCollectionController } from './collection/admin-collection.controller.js';
import { CollectionController } from './collection/collection.controller.js';
import { Collection } from './collection/collection.entity.js';
import { CollectionReader } from './collection/collection.reader.service.js';
import { CollectionRepository } from './collection/collection.repository.js';
import { ShelvesRepository } from './category/shelves.repository.js';
import { ProductPlacesRepository } from './collection/product-places.repository.js';
import { CollectionService } from './collection/collection.service.js';
import { DigitalFileController } from './digital/digital-file.controller.js';
import { DigitalFileRepository } from './digital/digital-file.repository.js';
import { DigitalFileService } from './digital/digital-file.service.js';
import { DigitalFiles } from './digital/digital-files.service.js';
import { DemoCatalogRepository } from './demo/demo-catalog.repository.js';
import { DemoCatalog } from './demo/demo-catalog.service.js';
import { DemoMediaController } from './demo/demo-media.controller.js';
import { ExportController } from './export/export.controller.js';
import { ExportFiles } from './export/export-files.service.js';
import { ExportRepository } from './export/export.repository.js';
import { ExportService } from './export/export.service.js';
import { ExportSubscribers } from './export/export.subscribers.js';
import { Exporter } from './export/exporter.service.js';
import { FeedController } from './feed/feed.controller.js';
import { FeedFileController } from './feed/feed-file.controller.js';
import { FeedJobs } from './feed/feed.jobs.js';
import { FeedRepository } from './feed/feed.repository.js';
import { FeedService } from './feed/feed.service.js';
import { ImportController } from './import/import.controller.js';
import { ImportFileStore } from './import/import-file.store.js';
import { ImportRepository } from './import/import.repository.js';
import { ImportService } from './import/import.service.js';
import { ImportSubscribers } from './import/import.subscribers.js';
import { Importer } from './import/importer.service.js';
import { ProductUpsertRepository } from './import/product-upsert.repository.js';
import { IncomingFileStore } from './media/incoming-file.store.js';
import { ListedPromotionRepository } from './listed-promotion/listed-promotion.repository.js';
import { ListedPromotions } from './listed-promotion/listed-promotion.service.js';
import { ListedPromotionSubscribers } from './listed-promotion/listed-promotion.subscribers.js';
import { PromotedPages } from './listed-promotion/promoted-pages.service.js';
import { MediaController } from './media/media.controller.js';
import { MediaFileController } from './media/media-file.controller.js';
import { MediaFileService } from './media/media-file.service.js';
import { MediaRenderer } from './media/media-renderer.service.js';
import { MediaRepository } from './media/media.repository.js';
import { MediaService } from './media/media.service.js';
import { MediaSubscribers } from './media/media.subscribers.js';
import { PriceChangeController } from './price-change/price-change.controller.js';
import { PriceChangeRepository } from './price-change/price-change.repository.js';
import { PriceChangeService } from './price-change/price-change.service.js';
import { PriceChangeSubscribers } from './price-change/price-change.subscribers.js';
import { PriceController } from './price/price.controller.js';
import { PriceRepository } from './price/price.repository.js';
import { PriceService } from './price/price.service.js';
import { PriceListController } from './price-list/price-list.controller.js';
import { PriceListRepository } from './price-list/price-list.repository.js';
import { PriceListService } from './price-list/price-list.service.js';
import { AdminProductController } from './product/admin-product.controller.js';
import { AdminVariantController } from './product/admin-variant.controller.js';
import { ProductController } from './product/product.controller.js';
import { ProductNames } from './product/product-names.repository.js';
import { RelatedRepository } from './product/related.repository.js';
import { ProductLinks } from './product/product-links.service.js';
import { ProductTrail } from './product/product-trail.service.js';
import { ProductReader } from './product/product.reader.service.js';
import { ProductRepository } from './product/product.repository.js';
import { ProductService } from './product/product.service.js';
import { VariantEquipment } from './product/variant-equipment.service.js';
import { VariantService } from './product/variant.service.js';
import { PreviewTokens } from './product-draft/preview-tokens.service.js';
import { ProductDraftController } from './product-draft/product-draft.controller.js';
import { ProductDraftRepository } from './product-draft/product-draft.repository.js';
import { ProductDraftService } from './product-draft/product-draft.service.js';
import { ProductAttributes } from './product-type/product-attributes.service.js';
import { ProductTypeController } from './product-type/product-type.controller.js';
import { ProductTypeRepository } from './product-type/product-type.repository.js';
import { ProductTypeService } from './product-type/product-type.service.js';
import { SellableRepository } from './product/sellable.repository.js';
import { SearchLogController } from './search-log/search-log.controller.js';
import { SearchLogRepository } from './search-log/search-log.repository.js';
import { SearchLog } from './search-log/search-log.service.js';
import { SearchPinController } from './search-pin/search-pin.controller.js';
import { SearchPinRepository } from './search-pin/search-pin.repository.js';
import { SearchPinService } from './search-pin/search-pin.service.js';
import { CatalogPersonalData } from './personal-data/catalog-personal-data.service.js';
import { ShopperDataRepository } from './personal-data/shopper-data.repository.js';
import { ShopperPersonalData } from './personal-data/shopper-personal-data.service.js';
import { PurchaseRepository } from './purchase/purchase.repository.js';
import { PurchaseService } from './purchase/purchase.service.js';
import { PurchaseSubscribers } from './purchase/purchase.subscribers.js';
import { RecentlyViewedController } from './recently-viewed/recently-viewed.controller.js';
import { RecentlyViewedRepository } from './recently-viewed/recently-viewed.repository.js';
import { RecentlyViewedService } from './recently-viewed/recently-viewed.service.js';
import { BoughtTogetherRepository } from './recommendation/bought-together.repository.js';
import { RecommendationCounting } from './recommendation/counting.service.js';
import { FacetCountsRepository } from './recommendation/facet-counts.repository.js';
import { RecommendationController } from './recommendation/recommendation.controller.js';
import { RecommendationJobs } from './recommendation/recommendation.jobs.js';
import { RecommendationRepository } from './recommendation/recommendation.repository.js';
import { RecommendationService } from './recommendation/recommendation.service.js';
import { AdminReviewController } from './review/admin-review.controller.js';
import { ModerationService } from './review/moderation.service.js';
import { MyReviewController } from './review/my-review.controller.js';
import { ProductReviewController } from './review/product-review.controller.js';
import { ReviewListRepository } from './review/review-list.repository.js';
import { ReviewShelf } from './review/review-shelf.service.js';
import { ReviewReader } from './review/review.reader.service.js';
import { ReviewRepository } from './review/review.repository.js';
import { ReviewService } from './review/review.service.js';
import { ProductSearchController } from './search/product-search.controller.js';
import { ProductSearchRepository } from './search/product-search.repository.js';
import { ProductSearchService } from './search/product-search.service.js';
import { SearchIndexRepository } from './search/search-index.repository.js';
import { SearchIndex } from './search/search-index.service.js';
import { SearchJobs } from './search/search.jobs.js';
import { Spelling } from './search/spelling.service.js';
import { LevelRepository } from './stock/level.repository.js';
import { LocationController } from './stock/location.controller.js';
import { LocationRepository } from './stock/location.repository.js';
import { LocationService } from './stock/location.service.js';
import { MovementRepository } from './stock/movement.repository.js';
import { ReservationChangesRepository } from './stock/reservation-changes.repository.js';
import { ReservationChanges } from './stock/reservation-changes.service.js';
import { ReservationRepository } from './stock/reservation.repository.js';
import { ReservationService } from './stock/reservation.service.js';
import { StockFacts } from './stock/stock-facts.service.js';
import { SuggestionsController } from './search/suggestions.controller.js';
import { SuggestionsRepository } from './search/suggestions.repository.js';
import { Suggestions } from './search/suggestions.service.js';
import { StockController } from './stock/stock.controller.js';
import { StockJobs } from './stock/stock.jobs.js';
import { Location } from './stock/location.entity.js';
import { StockReader } from './stock/stock.reader.service.js';
import { StockService } from './stock/stock.service.js';
import { SellingTermsController } from './terms/selling-terms.controller.js';
import { SellingTermsRepository } from './terms/selling-terms.repository.js';
import { SellingTermsService } from './terms/selling-terms.service.js';
import { SynonymController } from './synonym/synonym.controller.js';
import { SynonymRepository } from './synonym/synonym.repository.js';
import { SynonymService } from './synonym/synonym.service.js';
import { NoticeAddresses } from './stock-notice/notice-addresses.service.js';
import { StockNoticePersonalData } from './stock-notice/personal-data.service.js';
import { StockNoticeController } from './stock-notice/stock-notice.controller.js';
import { StockNoticeReader } from './stock-notice/stock-notice.reader.service.js';
import { StockNoticeRepository } from './stock-notice/stock-notice.repository.js';
import { StockNotices } from './stock-notice/stock-notice.service.js';
import { StockValueController } from './stock-value/stock-value.controller.js';
import { StockValueJobs } from './stock-value/stock-value.jobs.js';
import { StockValueRepository } from './stock-value/stock-value.repository.js';
import { StockValues } from './stock-value/stock-values.service.js';
import { StockNoticeSubscribers } from './stock-notice/stock-notice.subscribers.js';
import { StocktakeController } from './stocktake/stocktake.controller.js';
import { StocktakeReader } from './stocktake/stocktake.reader.service.js';
import { StocktakeRepository } from './stocktake/stocktake.repository.js';
import { StocktakeService } from './stocktake/stocktake.service.js';
import { StocktakeSubscribers } from './stocktake/stocktake.subscribers.js';
import { TaxClassController } from './tax-class/tax-class.controller.js';
import { TaxClassRepository } from './tax-class/tax-class.repository.js';
import { TaxClassService } from './tax-class/tax-class.service.js';
import { TRANSLATION_DOORS } from './translation/translation-doors.js';
import { TranslationController } from './translation/translation.controller.js';
import { TranslationRepository } from './translation/translation.repository.js';
import { TranslationService } from './translation/translation.service.js';

/**
 * Owns what is sold, for how much, and how many are left: schema `catalog`. Calls nobody. Listens to ordering.
 */
@Module({
  imports: [PlatformModule, TypeOrmModule.forFeature([Category, Collection, Location])],
  controllers: [
    AdminCollectionController,
    AdminProductController,
    AdminVariantController,
    BundleController,
    AdminReviewController,
    BatchController,
    CategoryController,
    CollectionController,
    DemoMediaController,
    DigitalFileController,
    ExportController,
    FeedController,
    FeedFileController,
    ImportController,
    LocationController,
    MediaController,
    MediaFileController,
    MyReviewController,
    PriceChangeController,
    PriceController,
    PriceListController,
    ProductController,
    ProductDraftController,
    ProductReviewController,
    ProductSearchController,
    SellingTermsController,
    SearchLogController,
    SearchPinController,
    ProductTypeController,
    RecentlyViewedController,
    RecommendationController,
    StockController,
    SuggestionsController,
    SynonymController,
    StockNoticeController,
    StocktakeController,
    StockValueController,
    TaxClassController,
    TranslationController,
    ...TRANSLATION_DOORS,
  ],
  providers: [
    BundleRepository,
    BundleService,
    BoughtTogetherRepository,
    CatalogApi,
    CatalogPersonalData,
    CategoryRepository,
    CategoryService,
    CollectionReader,
    CollectionRepository,
    ProductPlacesRepository,
    ShelvesRepository,
    CollectionService,
    DemoCatalog,
    DemoCatalogRepository,
    DigitalFileRepository,
    DigitalFiles,
    DigitalFileService,
    FacetCountsRepository,
    Exporter,
    ExportFiles,
    ExportRepository,
    ExportService,
    ExportSubscribers,
    FeedJobs,
    FeedRepository,
    FeedService,
    Importer,
    ImportFileStore,
    ImportRepository,
    ImportService,
    ImportSubscribers,
    IncomingFileStore,
    LevelRepository,
    ListedPromotionRepository,
    ListedPromotions,
    ListedPromotionSubscribers,
    PromotedPages,
    LocationRepository,
    LocationService,
    MediaFileService,
    MediaRenderer,
    MediaRepository,
    MediaService,
    MediaSubscribers,
    MovementRepository,
    NoticeAddresses,
    ModerationService,
    PriceChangeRepository,
    PriceChangeService,
    PriceChangeSubscribers,
    PriceListRepository,
    PriceListService,
    PriceRepository,
    PriceService,
    PreviewTokens,
    ProductAttributes,
    ProductDraftRepository,
    ProductDraftService,
    ProductLinks,
    ProductNames,
    ProductReader,
    ProductRepository,
    ProductSearchRepository,
    ProductSearchService,
    ProductTrail,
    ProductTypeRepository,
    ProductTypeService,
    ProductUpsertRepository,
    CatalogIntegrity,
    CatalogIntegrityRepository,
    ReservationChanges,
    ReservationChangesRepository,
    ReservationRepository,
    ReservationService,
    RelatedRepository,
    SearchIndex,
    SearchIndexRepository,
    SearchJobs,
    SearchLog,
    SearchLogRepository,
    SearchPinRepository,
    SearchPinService,
    Spelling,
    SellableRepository,
    SellingTermsRepository,
    SellingTermsService,
    ProductService,
    PurchaseRepository,
    PurchaseService,
    PurchaseSubscribers,
    RecentlyViewedRepository,
    RecentlyViewedService,
    RecommendationCounting,
    RecommendationJobs,
    RecommendationRepository,
    RecommendationService,
    ReviewListRepository,
    ReviewReader,
    ReviewRepository,
    ReviewService,
    ReviewShelf,
    ShopperDataRepository,
    ShopperPersonalData,
    StockNoticePersonalData,
    StockJobs,
    StockNoticeReader,
    StockNoticeRepository,
    StockNotices,
    StockNoticeSubscribers,
    StockReader,
    StockFacts,
    StockService,
    Suggestions,
    SuggestionsRepository,
    SynonymRepository,
    SynonymService,
    StocktakeReader,
    StocktakeRepository,
    StocktakeService,
    StocktakeSubscribers,
    StockValueJobs,
    StockValueRepository,
    StockValues,
    TaxClassRepository,
    TaxClassService,
    TranslationRepository,
    TranslationService,
    VariantEquipment,
    VariantService,
  ],
  exports: [CatalogApi],
})
export class CatalogModule {}

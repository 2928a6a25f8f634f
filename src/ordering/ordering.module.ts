import { Module } from '@nestjs/common';
import { BillingModule } from '../billing/billing.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { IdentityModule } from '../identity/identity.module.js';
import { PlatformModule } from '../platform/platform.module.js';
import { CalculationController } from './calculation/calculation.controller.js';
import { CalculationRepository } from './calculation/calculation.repository.js';
import { CalculationService } from './calculation/calculation.service.js';
import { AmendedOrderRepository } from './change/amended-order.repository.js';
import { AmendedOrders } from './change/amended-orders.service.js';
import { ChangeAdminController } from './change/change.admin.controller.js';
import { ChangeCalculation } from './change/change-calculation.service.js';
import { ChangeConfirmation } from './change/change-confirmation.service.js';
import { ChangeDrafts } from './change/change-drafts.service.js';
import { ChangeGoods } from './change/change-goods.service.js';
import { ChangeLimits } from './change/change-limits.service.js';
import { ChangeMails } from './change/change-mails.subscribers.js';
import { ChangeMoney } from './change/change-money.service.js';
import { ChangeRepository } from './change/change.repository.js';
import { ChangesService } from './change/changes.service.js';
import { ExtraPaymentController } from './change/extra-payment.controller.js';
import { ExtraPayments } from './change/extra-payments.service.js';
import { UnpaidChangeJobs } from './change/unpaid-changes.jobs.js';
import { UnpaidChanges } from './change/unpaid-changes.service.js';
import { DraftOrderController } from './draft-order/draft-order.controller.js';
import { DraftOrderRepository } from './draft-order/draft-order.repository.js';
import { DraftOrders } from './draft-order/draft-orders.service.js';
import { DraftPlacement } from './draft-order/draft-placement.service.js';
import { DraftQuotes } from './draft-order/draft-quotes.service.js';
import { LateDeclines } from './payment-link/late-declines.service.js';
import { LinkPayments } from './payment-link/link-payments.service.js';
import { PaymentLinkController } from './payment-link/payment-link.controller.js';
import { PaymentLinkRepository } from './payment-link/payment-link.repository.js';
import { DueHolds } from './payment-link/due-holds.service.js';
import { OpenLinks } from './payment-link/open-links.service.js';
import { PaymentLinkLetters } from './payment-link/payment-link-letters.service.js';
import { PaymentLinks } from './payment-link/payment-links.service.js';
import { ReceivedPaymentController } from './received-payment/received-payment.controller.js';
import { ReceivedPayments } from './received-payment/received-payments.service.js';
import { OrderDeskController } from './desk/order-desk.controller.js';
import { OrderDeskRepository } from './desk/order-desk.repository.js';
import { OrderDesk } from './desk/order-desk.service.js';
import { OrderLookupController } from './lookup/order-lookup.controller.js';
import { OrderLookupRepository } from './lookup/order-lookup.repository.js';
import { OrderLookups } from './lookup/order-lookups.service.js';
import { OrderLookupSubscribers } from './lookup/order-lookup.subscribers.js';
import { OrderAccess } from './order/order-access.service.js';
import { ReturnAdminController } from './returns/return.admin.controller.js';
import { ReturnController } from './returns/return.controller.js';
import { ReturnHandling } from './returns/return-handling.service.js';
import { ReturnMails } from './returns/return-mails.subscribers.js';
import { ReturnRepository } from './returns/return.repository.js';
import { ReturnRequests } from './returns/return-requests.service.js';
import { ReturnSettingsService } from './returns/return-settings.service.js';
import { ReturnPiecesRepository } from './returns/return-pieces.repository.js';
import { AbandonedCartController } from './abandoned-cart/abandoned-cart.controller.js';
import { AbandonedCartJobs } from './abandoned-cart/abandoned-cart.jobs.js';
import { AbandonedCartRepository } from './abandoned-cart/abandoned-cart.repository.js';
import { AbandonedCarts } from './abandoned-cart/abandoned-cart.service.js';
import { ReminderRepository } from './abandoned-cart/reminder.repository.js';
import { Reminders } from './abandoned-cart/reminder.service.js';
import { CartContents } from './cart/cart-contents.service.js';
import { CartController } from './cart/cart.controller.js';
import { CartFilling } from './cart/cart-filling.service.js';
import { CartOpening } from './cart/cart-opening.service.js';
import { CartParticulars } from './cart/cart-particulars.service.js';
import { CartQuota } from './cart/cart-quota.service.js';
import { CartReader } from './cart/cart-reader.service.js';
import { CartRepository } from './cart/cart.repository.js';
import { CartService } from './cart/cart.service.js';
import { Outsiders } from './cart/outsiders.service.js';
import { AttemptEnds } from './checkout/attempt-ends.service.js';
import { CheckoutTerms } from './checkout/checkout-terms.service.js';
import { CheckoutController } from './checkout/checkout.controller.js';
import { CheckoutService } from './checkout/checkout.service.js';
import { PaymentAttempts } from './checkout/payment-attempts.service.js';
import { PaymentSteps } from './checkout/payment-steps.service.js';
import { PlacingService } from './checkout/placing.service.js';
import { OrderIntegrityRepository } from './integrity/integrity.repository.js';
import { OrderingIntegrity } from './integrity/ordering-integrity.service.js';
import { PurchaseLimitRepository } from './limit/purchase-limits.repository.js';
import { PurchaseLimits } from './limit/purchase-limits.service.js';
import { DownloadController } from './download/download.controller.js';
import { DownloadRepository } from './download/download.repository.js';
import { DownloadService } from './download/download.service.js';
import { DownloadUses } from './download/download-uses.service.js';
import { OrderDownloads } from './download/order-downloads.service.js';
import { SoldFiles } from './download/sold-files.service.js';
import { CarrierController } from './fulfilment/carrier.controller.js';
import { CarrierInbox } from './fulfilment/carrier-inbox.service.js';
import { CarrierInboxRepository } from './fulfilment/carrier-inbox.repository.js';
import { CarrierSubscribers } from './fulfilment/carrier.subscribers.js';
import { Dispatch } from './fulfilment/dispatch.service.js';
import { FulfilmentController } from './fulfilment/fulfilment.controller.js';
import { FulfilmentListRepository } from './fulfilment/fulfilment-list.repository.js';
import { FulfilmentMoves } from './fulfilment/fulfilment-moves.service.js';
import { FulfilmentReader } from './fulfilment/fulfilment-reader.service.js';
import { FulfilmentRepository } from './fulfilment/fulfilment.repository.js';
import { FulfilmentService } from './fulfilment/fulfilment.service.js';
import { PackingSlips } from './fulfilment/packing-slips.service.js';
import { PickListController } from './fulfilment/pick-list.controller.js';
import { PickListRepository } from './fulfilment/pick-list.repository.js';
import { PickLists } from './fulfilment/pick-list.service.js';
import { DigitalOrders } from './download/digital-orders.service.js';
import { DigitalOrderJobs } from './download/digital-orders.jobs.js';
import { CartMergeRepository } from './merge/cart-merge.repository.js';
import { CartMergeService } from './merge/cart-merge.service.js';
import { MyCartController } from './merge/my-cart.controller.js';
import { GiftCardOrders } from './gift-card/gift-card-orders.service.js';
import { GiftCardSubscribers } from './gift-card/gift-card.subscribers.js';
import { GuestOrdersRepository } from './order/guest-orders.repository.js';
import { GuestOrders } from './order/guest-orders.service.js';
import { GuestOrderSubscribers } from './order/guest-orders.subscribers.js';
import { OrderAdminController } from './order/order.admin.controller.js';
import { OrderController } from './order/order.controller.js';
import { OrderLocks } from './order/order-locks.service.js';
import { NextDueRepository } from './order/next-due.repository.js';
import { OrderClock } from './order/order-clock.js';
import { OrderHolds } from './order/order-holds.service.js';
import { OrderJobs } from './order/order.jobs.js';
import { OrderMails } from './order/order-mails.subscribers.js';
import { OrderListRepository } from './order/order-list.repository.js';
import { OrderListService } from './order/order-list.service.js';
import { OrderPaymentService } from './order/order-payment.service.js';
import { OrderPaymentSubscribers } from './order/order.subscribers.js';
import { OrderPersonalDataRepository } from './order/personal-data.repository.js';
import { OrderingPersonalData } from './order/personal-data.service.js';
import { OrderRepository } from './order/order.repository.js';
import { OrderService } from './order/order.service.js';
import { CodeController } from './promotion/code.controller.js';
import { CodeRepository } from './promotion/code.repository.js';
import { CodeService } from './promotion/code.service.js';
import { PromotionFacts } from './promotion/promotion-facts.service.js';
import { PromotionController } from './promotion/promotion.controller.js';
import { PromotionGroupController } from './promotion/promotion-group.controller.js';
import { PromotionJobs } from './promotion/promotion.jobs.js';
import { PromotionReader } from './promotion/promotion-reader.service.js';
import { PromotionReaderRepository } from './promotion/promotion-reader.repository.js';
import { PromotionRepository } from './promotion/promotion.repository.js';
import { PromotionService } from './promotion/promotion.service.js';
import { RedemptionRepository } from './promotion/redemption.repository.js';
import { Redemptions } from './promotion/redemptions.service.js';
import { CartCodes } from './promotion/cart-codes.service.js';
import { CodeGuesses } from './promotion/code-guesses.service.js';
import { CartFactsReader } from './promotion/cart-facts.service.js';
import { FirstOrderRepository } from './promotion/first-order.repository.js';
import { SimulationController } from './promotion/simulation.controller.js';
import { SimulationRepository } from './promotion/simulation.repository.js';
import { SimulationService } from './promotion/simulation.service.js';
import { ReportCartsRepository } from './report/report-carts.repository.js';
import { ReportController } from './report/report.controller.js';
import { ReportOrdersRepository } from './report/report-orders.repository.js';
import { ReportRebuilds } from './report/report-rebuilds.service.js';
import { ReportSubscribers } from './report/report.subscribers.js';
import { ReportWriter } from './report/report-writer.service.js';
import { Reports } from './report/reports.service.js';
import { ReportsRepository } from './report/reports.repository.js';
import { ReorderController } from './reorder/reorder.controller.js';
import { Reorder } from './reorder/reorder.service.js';
import { SavedLineController } from './saved-line/saved-line.controller.js';
import { SavedLineRepository } from './saved-line/saved-line.repository.js';
import { SavedLines } from './saved-line/saved-line.service.js';
import { SharedCartController } from './shared-cart/shared-cart.controller.js';
import { SharedCartRepository } from './shared-cart/shared-cart.repository.js';
import { SharedCarts } from './shared-cart/shared-cart.service.js';
import { SellingRules } from './selling/selling-rules.js';
import { OrderInvoicesController } from './invoice/order-invoices.controller.js';
import { OrderInvoices } from './invoice/order-invoices.service.js';
import { OrderInvoiceSubscribers } from './invoice/order-invoices.subscribers.js';
import { CarrierQuoteJobs } from './shipping/carrier-quotes.jobs.js';
import { CarrierQuoteRepository } from './shipping/carrier-quotes.repository.js';
import { CarrierQuoteService } from './shipping/carrier-quotes.service.js';
import { HttpCarrierRates } from './shipping/carrier-rates.adapter.js';
import { CarrierRates } from './shipping/carrier-rates.port.js';
import { CartShippingController } from './shipping/cart-shipping.controller.js';
import { NearPoints } from './shipping/near-points.service.js';
import { PickupPointController } from './shipping/pickup-point.controller.js';
import { PickupPointRepository } from './shipping/pickup-point.repository.js';
import { PickupPoints } from './shipping/pickup-point.service.js';
import { RuleChanges } from './selling/rule-changes.service.js';
import { ShippingCalendarController } from './shipping/shipping-calendar.controller.js';
import { ShippingCalendarRepository } from './shipping/shipping-calendar.repository.js';
import { ShippingCalendars } from './shipping/shipping-calendar.service.js';
import { ShippingChoices } from './shipping/shipping-choices.service.js';
import { ShippingController } from './shipping/shipping.controller.js';
import { ShippingRepository } from './shipping/shipping.repository.js';
import { ShippingService } from './shipping/shipping.service.js';
import { Config } from '../platform/config.js';
import { Database } from '../platform/database/database.js';
import { ExemptionController } from './tax/exemption.controller.js';
import { ExemptionRepository } from './tax/exemption.repository.js';
import { ExemptionService } from './tax/exemption.service.js';
import { HttpTaxProvider } from './tax/outside.adapter.js';
import { TaxAnswersRepository } from './tax/tax-answers.repository.js';
import { TaxController } from './tax/tax.controller.js';
import { TaxDesk } from './tax/tax-desk.service.js';
import { TaxJobs } from './tax/tax.jobs.js';
import { TaxProvider } from './tax/tax-provider.port.js';
import { TaxRepository } from './tax/tax.repository.js';
import { TaxService } from './tax/tax.service.js';
import { TaxSettingsController } from './tax/tax-settings.controller.js';
import { TaxSettingsService } from './tax/tax-settings.service.js';
import { VatQuota } from './tax/vat-quota.service.js';
import { BasketDrafts } from './subscription/basket-drafts.service.js';
import { BasketRepository } from './subscription/basket.repository.js';
import { Baskets } from './subscription/baskets.service.js';
import { PeriodOrders } from './subscription/period-orders.service.js';
import { PeriodOrderSubscribers } from './subscription/period-orders.subscribers.js';
import { PeriodPayments } from './subscription/period-payments.service.js';
import { BasketController } from './subscription/basket.controller.js';

/**
 * Owns carts, checkout, orders with what was sent of them, promotions, shipping and tax zones (schema
 * `ordering`). Calls catalog
 * for prices and stock, billing for money, identity for the address of a customer. Listens to billing's facts, to
 * verified addresses of identity, and to its own.
 *
 * Locks are taken in one order by every path: cart (or draft, or links to pay), payments, order, gift cards and then store credit
 * by id, what a customer has bought, promotions with limits and their codes by id, stock rows by id. Whoever needs an earlier one
 * later has to begin with it (`OrderLocks`, `BillingApi.lockPaymentsOf`, `CatalogApi.lockStock`).
 */
@Module({
  imports: [PlatformModule, IdentityModule, CatalogModule, BillingModule],
  controllers: [
    BasketController,
    CalculationController,
    ChangeAdminController,
    CarrierController,
    ExtraPaymentController,
    DraftOrderController,
    PaymentLinkController,
    OrderDeskController,
    ReceivedPaymentController,
    OrderLookupController,
    ReturnAdminController,
    ReturnController,
    AbandonedCartController,
    CartController,
    MyCartController,
    ReorderController,
    ReportController,
    SavedLineController,
    SharedCartController,
    CheckoutController,
    CodeController,
    DownloadController,
    FulfilmentController,
    OrderController,
    OrderAdminController,
    OrderInvoicesController,
    PromotionController,
    PromotionGroupController,
    PickListController,
    ShippingController,
    SimulationController,
    CartShippingController,
    PickupPointController,
    ShippingCalendarController,
    TaxController,
    TaxSettingsController,
    ExemptionController,
  ],
  providers: [
    BasketDrafts,
    BasketRepository,
    Baskets,
    PeriodOrders,
    PeriodOrderSubscribers,
    PeriodPayments,
    CalculationRepository,
    CalculationService,
    CartCodes,
    CodeGuesses,
    VatQuota,
    CartFactsReader,
    AmendedOrderRepository,
    AmendedOrders,
    ChangeCalculation,
    ChangeConfirmation,
    ChangeDrafts,
    ChangeGoods,
    ChangeLimits,
    ChangeMails,
    ChangeMoney,
    ChangeRepository,
    ChangesService,
    ExtraPayments,
    UnpaidChangeJobs,
    UnpaidChanges,
    DraftOrderRepository,
    DraftOrders,
    DraftPlacement,
    DraftQuotes,
    LateDeclines,
    LinkPayments,
    PaymentLinkRepository,
    PaymentLinks,
    PaymentLinkLetters,
    OpenLinks,
    DueHolds,
    OrderAccess,
    OrderDesk,
    ReceivedPayments,
    OrderDeskRepository,
    OrderLookupRepository,
    OrderLookups,
    OrderLookupSubscribers,
    ReturnHandling,
    ReturnMails,
    ReturnPiecesRepository,
    CarrierInbox,
    CarrierInboxRepository,
    CarrierSubscribers,
    ReturnRepository,
    ReturnRequests,
    ReturnSettingsService,
    AbandonedCartJobs,
    AbandonedCartRepository,
    AbandonedCarts,
    CartFilling,
    CartMergeRepository,
    CartMergeService,
    CartQuota,
    ReminderRepository,
    Reminders,
    Reorder,
    ReportCartsRepository,
    ReportOrdersRepository,
    ReportRebuilds,
    ReportSubscribers,
    ReportWriter,
    Reports,
    ReportsRepository,
    SavedLineRepository,
    SavedLines,
    SharedCartRepository,
    SharedCarts,
    CartContents,
    CartOpening,
    CartParticulars,
    CartReader,
    CartRepository,
    CartService,
    Outsiders,
    AttemptEnds,
    PaymentSteps,
    OrderLocks,
    CheckoutService,
    CodeRepository,
    CodeService,
    DigitalOrderJobs,
    DigitalOrders,
    Dispatch,
    CheckoutTerms,
    DownloadRepository,
    DownloadService,
    DownloadUses,
    OrderDownloads,
    SoldFiles,
    FirstOrderRepository,
    FulfilmentListRepository,
    FulfilmentMoves,
    FulfilmentReader,
    FulfilmentRepository,
    FulfilmentService,
    GiftCardOrders,
    GiftCardSubscribers,
    GuestOrders,
    GuestOrdersRepository,
    GuestOrderSubscribers,
    NextDueRepository,
    OrderClock,
    OrderHolds,
    OrderInvoices,
    OrderInvoiceSubscribers,
    OrderJobs,
    OrderListRepository,
    OrderListService,
    OrderMails,
    OrderPaymentService,
    OrderPaymentSubscribers,
    OrderPersonalDataRepository,
    OrderingPersonalData,
    OrderingIntegrity,
    OrderIntegrityRepository,
    OrderRepository,
    OrderService,
    PackingSlips,
    PickListRepository,
    PickLists,
    PaymentAttempts,
    PlacingService,
    PromotionFacts,
    PromotionJobs,
    PromotionReader,
    PromotionReaderRepository,
    PromotionRepository,
    PromotionService,
    PurchaseLimitRepository,
    PurchaseLimits,
    RedemptionRepository,
    Redemptions,
    SellingRules,
    ShippingRepository,
    ShippingService,
    SimulationRepository,
    SimulationService,
    ExemptionRepository,
    ExemptionService,
    TaxAnswersRepository,
    TaxDesk,
    TaxJobs,
    {
      provide: TaxProvider,
      inject: [Config, Database],
      useFactory: (config: Config, database: Database) => new HttpTaxProvider(config, database),
    },
    ShippingCalendarRepository,
    ShippingCalendars,
    ShippingChoices,
    PickupPointRepository,
    PickupPoints,
    NearPoints,
    RuleChanges,
    CarrierQuoteJobs,
    CarrierQuoteRepository,
    CarrierQuoteService,
    { provide: CarrierRates, useClass: HttpCarrierRates },
    TaxRepository,
    TaxService,
    TaxSettingsService,
  ],
})
export class OrderingModule {}

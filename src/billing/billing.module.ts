import { Module } from '@nestjs/common';
import { IdentityModule } from '../identity/identity.module.js';
import { Config } from '../platform/config.js';
import { Database } from '../platform/database/database.js';
import { PlatformModule } from '../platform/platform.module.js';
import { BillingApi } from './billing.api.js';
import { FraudRuleController } from './fraud/fraud-rule.controller.js';
import { FraudJobs } from './fraud/fraud.jobs.js';
import { FraudRuleRepository } from './fraud/fraud-rule.repository.js';
import { FraudRuleSet } from './fraud/fraud-rule-set.service.js';
import { FraudRules } from './fraud/fraud-rules.service.js';
import { FraudScreen } from './fraud/fraud-screen.service.js';
import { FraudSimulations } from './fraud/fraud-simulations.service.js';
import { PaymentReviewController } from './fraud/payment-review.controller.js';
import { PaymentReviewRepository } from './fraud/payment-review.repository.js';
import { PaymentReviews } from './fraud/payment-reviews.service.js';
import { ScreeningController } from './fraud/screening.controller.js';
import { ScreeningFacts } from './fraud/screening-facts.js';
import { ScreeningRepository } from './fraud/screening.repository.js';
import { SetupScreen } from './fraud/setup-screen.service.js';
import { CouponAdminController } from './coupon/coupon.admin.controller.js';
import { CouponGuesses } from './coupon/coupon-guesses.service.js';
import { CouponRedemptionRepository } from './coupon/coupon-redemption.repository.js';
import { CouponRepository } from './coupon/coupon.repository.js';
import { Coupons } from './coupon/coupons.service.js';
import { CouponSubscribers } from './coupon/coupon.subscribers.js';
import { MyCouponController } from './coupon/my-coupon.controller.js';
import { StaffCoupons } from './coupon/staff-coupons.service.js';
import { SubscriptionCoupons } from './coupon/subscription-coupons.service.js';
import { GatewayAccountRepository } from './gateway/gateway-account.repository.js';
import { GatewayCalls } from './gateway/gateway-calls.service.js';
import { GatewayClock } from './gateway/gateway-clock.js';
import { PaymentGateway } from './gateway/payment-gateway.port.js';
// What a gateway may refuse stands in the documents, whichever of them is in use.
import './gateway/gateway.errors.js';
import { TestGateway } from './gateway/test-gateway.adapter.js';
import { GiftCardAdminController } from './gift-card/gift-card.admin.controller.js';
import { GiftCardController } from './gift-card/gift-card.controller.js';
import { GiftCardIssuer } from './gift-card/gift-card-issuer.service.js';
import { GiftCardJobs } from './gift-card/gift-card.jobs.js';
import { GiftCardPeopleRepository } from './gift-card/gift-card-people.repository.js';
import { GiftCardRepository } from './gift-card/gift-card.repository.js';
import { GiftCards } from './gift-card/gift-cards.service.js';
import { StaffGiftCards } from './gift-card/staff-gift-cards.service.js';
import { BillingIntegrity } from './integrity/billing-integrity.service.js';
import { BillingIntegrityRepository } from './integrity/integrity.repository.js';
import { InvoiceJobs } from './invoice/invoice.jobs.js';
import { InvoiceMoney } from './invoice/invoice-money.service.js';
import { InvoiceMoneyRepository } from './invoice/invoice-money.repository.js';
import { InvoicePeopleRepository } from './invoice/invoice-people.repository.js';
import { InvoicePeople } from './invoice/invoice-people.service.js';
import { InvoicePapers } from './invoice/invoice-papers.service.js';
import { InvoiceRepository } from './invoice/invoice.repository.js';
import { InvoiceSubscribers } from './invoice/invoice.subscribers.js';
import { CreditNoteRepository } from './credit-note/credit-note.repository.js';
import { CreditNotes } from './credit-note/credit-notes.service.js';
import { GivenByChangesRepository } from './credit-note/given-by-changes.repository.js';
import { DemoSeller } from './seller/demo-seller.service.js';
import { SellerProfileRepository } from './seller/seller-profile.repository.js';
import { SellerProfiles } from './seller/seller-profiles.service.js';
import { SellerProfileController } from './seller/seller-profile.controller.js';
import { StaffInvoices } from './invoice/staff-invoices.service.js';
import { InvoiceListRepository } from './invoice/invoice-list.repository.js';
import { MyInvoices } from './invoice/my-invoices.service.js';
import { StaffCreditNotes } from './credit-note/staff-credit-notes.service.js';
import { InvoiceAdminController } from './invoice/invoice.admin.controller.js';
import { MyInvoicesController } from './invoice/my-invoices.controller.js';
import { CreditNoteController } from './credit-note/credit-note.controller.js';
import { DocumentController } from './document/document.controller.js';
import { DocumentLetters } from './document/document-letters.subscribers.js';
import { DocumentAttachments } from './document/document-attachments.service.js';
import { Documents } from './document/documents.service.js';
import { CollectionAttemptRepository } from './dunning/collection-attempt.repository.js';
import { CollectionRepository } from './dunning/collection.repository.js';
import { CollectionCharges } from './dunning/collection-charges.service.js';
import { CollectionJobs } from './dunning/collection.jobs.js';
import { CollectionNews } from './dunning/collection-news.service.js';
import { CollectionSubscribers } from './dunning/collection.subscribers.js';
import { ChargeableMethods } from './dunning/chargeable-methods.service.js';
import { DunningLetters } from './dunning/dunning-letters.service.js';
import { InvoiceLinkRepository } from './dunning/invoice-link.repository.js';
import { InvoiceLinks } from './dunning/invoice-links.service.js';
import { DueInvoices } from './dunning/due-invoices.service.js';
import { DunningPolicies } from './dunning/dunning-policies.service.js';
import { DunningSimulations } from './dunning/dunning-simulations.service.js';
import { InvoicePayments } from './dunning/invoice-payments.service.js';
import { SimulationRepository } from './dunning/simulation.repository.js';
import { StaffCollections } from './dunning/staff-collections.service.js';
import { CollectionController } from './dunning/collection.controller.js';
import { DunningPolicyController } from './dunning/dunning-policy.controller.js';
import { InvoiceLinkController } from './dunning/invoice-link.controller.js';
import { DunningPeopleRepository } from './dunning/dunning-people.repository.js';
import { LinkAttempts } from './dunning/link-attempts.service.js';
import { OwnAttempts } from './dunning/own-attempts.service.js';
import { EntitlementRepository } from './dunning/entitlement.repository.js';
import { EntitlementSubscribers } from './dunning/entitlement.subscribers.js';
import { Entitlements } from './dunning/entitlements.service.js';
import { GoodsSubscriptions } from './subscription/goods-subscriptions.service.js';
import { DunningClock } from './dunning/dunning-clock.js';
import { GiftCardClock } from './gift-card/gift-card-clock.js';
import { StoreCreditClock } from './store-credit/store-credit-clock.js';
import { SubscriptionClock } from './subscription/subscription-clock.js';
import { Collections } from './dunning/collections.service.js';
import { DunningPolicyRepository } from './dunning/dunning-policy.repository.js';
import { MyDocumentController } from './document/my-document.controller.js';
import { Invoices } from './invoice/invoices.service.js';
import { OrderDocuments } from './invoice/order-documents.service.js';
import { DeferredRevenueController } from './deferral/deferred-revenue.controller.js';
import { DeferredRevenueRepository } from './deferral/deferred-revenue.repository.js';
import { DeferredRevenue } from './deferral/deferred-revenue.service.js';
import { DeferralRepository } from './deferral/deferral.repository.js';
import { DeferralSubscribers } from './deferral/deferral.subscribers.js';
import { Deferrals } from './deferral/deferrals.service.js';
import { RecognitionRepository } from './deferral/recognition.repository.js';
import { RevenueRecognition } from './deferral/revenue-recognition.service.js';
import { LimboController } from './limbo/limbo.controller.js';
import { LimboRepository } from './limbo/limbo.repository.js';
import { Limbo } from './limbo/limbo.service.js';
import { BooksController } from './ledger/books.controller.js';
import { LedgerChainRepository } from './ledger/ledger-chain.repository.js';
import { LedgerChain } from './ledger/ledger-chain.service.js';
import { LedgerJobs } from './ledger/ledger.jobs.js';
import { PeriodRepository } from './ledger/period.repository.js';
import { LedgerPeriods } from './ledger/periods.service.js';
import { StatementRepository } from './ledger/statement.repository.js';
import { Statements } from './ledger/statements.service.js';
import { LedgerController } from './ledger/ledger.controller.js';
import { LedgerReader } from './ledger/ledger.reader.service.js';
import { LedgerRepository } from './ledger/ledger.repository.js';
import { AccountingController } from './accounting/accounting.controller.js';
import { AccountingExportRepository } from './accounting/accounting-export.repository.js';
import { AccountingExports } from './accounting/accounting-exports.service.js';
import { AccountMappingRepository } from './accounting/account-mapping.repository.js';
import { AccountMappings } from './accounting/account-mappings.service.js';
import { CaseRepository } from './reconciliation/case.repository.js';
import { ReconciliationController } from './reconciliation/reconciliation.controller.js';
import { ReconciliationJobs } from './reconciliation/reconciliation.jobs.js';
import { Reconciliation } from './reconciliation/reconciliation.service.js';
import { RunRepository } from './reconciliation/run.repository.js';
import { SettlementLineRepository } from './reconciliation/settlement-line.repository.js';
import { StaffReconciliation } from './reconciliation/staff-reconciliation.service.js';
import { ConfirmationService } from './payment/confirmation.service.js';
import { OperationRepository } from './payment/operation.repository.js';
import { PaymentAccess } from './payment/payment-access.service.js';
import { PaymentAdminController } from './payment/payment.admin.controller.js';
import { PaymentController } from './payment/payment.controller.js';
import { PaymentJobs } from './payment/payment.jobs.js';
import { DisputeController } from './dispute/dispute.controller.js';
import { DisputeRepository } from './dispute/dispute.repository.js';
import { Disputes } from './dispute/disputes.service.js';
import { StaffDisputes } from './dispute/staff-disputes.service.js';
import { CaptureRepository } from './payment/capture.repository.js';
import { Captures } from './payment/capture.service.js';
import { ChargeNews } from './payment/charge-news.service.js';
import { HoldEnd } from './payment/hold-end.service.js';
import { HoldJobs } from './payment/hold.jobs.js';
import { PaymentOpening } from './payment/payment-opening.service.js';
import { StaffCaptures } from './payment/staff-captures.service.js';
import { GatewayCustomers } from './payment-method/gateway-customers.service.js';
import { MethodSetupRepository } from './payment-method/method-setup.repository.js';
import { MethodSetups } from './payment-method/method-setups.service.js';
import { SetupOutcomes } from './payment-method/setup-outcomes.service.js';
import { MyPaymentMethods } from './payment-method/my-payment-methods.service.js';
import { PaymentMethodController } from './payment-method/payment-method.controller.js';
import { PaymentMethodSubscribers } from './payment-method/payment-method.subscribers.js';
import { PaymentMethodRepository } from './payment-method/payment-method.repository.js';
import { MethodCharges } from './payment-method/method-charges.service.js';
import { PaymentPersonalDataRepository } from './payment/personal-data.repository.js';
import { BillingPersonalData } from './payment/personal-data.service.js';
import { PaymentRepository } from './payment/payment.repository.js';
import { PaymentEnd } from './payment/payment-end.service.js';
import { PaymentService } from './payment/payment.service.js';
import { PaymentSubscribers } from './payment/payment.subscribers.js';
import { StaffPayments } from './payment/staff-payments.service.js';
import { OrderRefunds } from './refund/order-refunds.service.js';
import { OwnRefunds } from './refund/own-refunds.service.js';
import { PlanAdminController } from './plan/plan.admin.controller.js';
import { PlanController } from './plan/plan.controller.js';
import { PlanRepository } from './plan/plan.repository.js';
import { Plans } from './plan/plans.service.js';
import { RefundController } from './refund/refund.controller.js';
import { ReceiptRepository } from './receipt/receipt.repository.js';
import { InvoiceReceipts } from './receipt/invoice-receipts.service.js';
import { ReceiptAdminController } from './receipt/receipt.admin.controller.js';
import { Receipts } from './receipt/receipts.service.js';
import { RefundDocuments } from './refund/refund-documents.service.js';
import { RefundReader } from './refund/refund.reader.service.js';
import { RefundRepository } from './refund/refund.repository.js';
import { RefundService } from './refund/refund.service.js';
import { StaffRefunds } from './refund/staff-refund.service.js';
import { MyStoreCreditController } from './store-credit/my-store-credit.controller.js';
import { MyStoreCredit } from './store-credit/my-store-credit.service.js';
import { StaffStoreCredits } from './store-credit/staff-store-credits.service.js';
import { StoreCreditAdminController } from './store-credit/store-credit.admin.controller.js';
import { StoreCreditJobs } from './store-credit/store-credit.jobs.js';
import { StoreCreditPeopleRepository } from './store-credit/store-credit-people.repository.js';
import { StoreCreditRepository } from './store-credit/store-credit.repository.js';
import { StoreCredits } from './store-credit/store-credits.service.js';
import { FirstInvoices } from './subscription/first-invoices.service.js';
import { LeftoverCredits } from './subscription/leftover-credits.service.js';
import { ChangeMaker } from './subscription/change-maker.service.js';
import { ChangePlanner } from './subscription/change-planner.service.js';
import { ChangeQuotes } from './subscription/change-quotes.service.js';
import { MySubscriptions } from './subscription/my-subscriptions.service.js';
import { Renewals } from './subscription/renewals.service.js';
import { SubscriptionCharges } from './subscription/subscription-charges.service.js';
import { SubscriptionChanges } from './subscription/subscription-changes.service.js';
import { SubscriptionDesk } from './subscription/subscription-desk.service.js';
import { SubscriptionEnds } from './subscription/subscription-ends.service.js';
import { SubscriptionJobs } from './subscription/subscription.jobs.js';
import { DueSubscriptionRepository } from './subscription/due-subscription.repository.js';
import { TrialRepository } from './subscription/trial.repository.js';
import { ChangeQuoteRepository } from './subscription/change-quote.repository.js';
import { SubscriptionOpening } from './subscription/subscription-opening.service.js';
import { SubscriptionSteps } from './subscription/subscription-steps.service.js';
import { StaffSubscriptions } from './subscription/staff-subscriptions.service.js';
import { SubscriptionOffers } from './subscription/subscription-offers.service.js';
import { SubscriptionPeople } from './subscription/subscription-people.service.js';
import { SubscriptionPayments } from './subscription/subscription-payments.service.js';
import { SubscriptionReader } from './subscription/subscription.reader.service.js';
import { SubscriptionReturns } from './subscription/subscription-returns.service.js';
import { SubscriptionStarts } from './subscription/subscription-starts.service.js';
import { SubscriptionSubscribers } from './subscription/subscription.subscribers.js';
import { SubscriptionAdminController } from './subscription/subscription.admin.controller.js';
import { SubscriptionStepsController } from './subscription/subscription-steps.controller.js';
import { SubscriptionStepsAdminController } from './subscription/subscription-steps.admin.controller.js';
import { SubscriptionController } from './subscription/subscription.controller.js';
import { Payability } from './subscription/payability.service.js';
import { GivenBackRepository } from './subscription/given-back.repository.js';
import { PendingLineRepository } from './subscription/pending-line.repository.js';
import { ChargedSubscriptions } from './subscription/charged-subscriptions.service.js';
import { BillingDetails } from './subscription/billing-details.service.js';
import { SubscriptionVat } from './subscription/subscription-vat.service.js';
import { SubscriptionBuyers } from './subscription/subscription-buyers.service.js';
import { SubscriptionInvoices } from './subscription/subscription-invoices.service.js';
import { SubscriptionRepository } from './subscription/subscription.repository.js';
import { Subscriptions } from './subscription/subscriptions.service.js';
import { CycleCharges } from './subscription/cycle-charges.service.js';
import { GiftCardCodes } from './tender/gift-card-codes.service.js';
import { Tenders } from './tender/tenders.service.js';
import { MyUsageController } from './usage/my-usage.controller.js';
import { UsageAdminController } from './usage/usage.admin.controller.js';
import { UsageChargeRepository } from './usage/usage-charge.repository.js';
import { UsageEventRepository } from './usage/usage-event.repository.js';
import { UsageEvents } from './usage/usage-events.service.js';
import { UsageLines } from './usage/usage-lines.service.js';
import { UsageReader } from './usage/usage-reader.service.js';
import { UsageSubscribers } from './usage/usage.subscribers.js';
import { InboxRepository } from './webhook/inbox.repository.js';
import { InboxService } from './webhook/inbox.service.js';
import { InboxSubscribers } from './webhook/inbox.subscribers.js';
import { NoticeAdminController } from './webhook/notice.admin.controller.js';
import { StaffNotices } from './webhook/staff-notices.service.js';
import { WebhookController } from './webhook/webhook.controller.js';

/**
 * Owns payments, their operations at gateways, refunds, gift cards, store credit, the ledger and the inbox of gateway notices
 * (schema `billing`). Calls the gateway, and identity for customers and to count who asks too often. Listens to its own facts only; ordering calls it and hears `billing.events.ts`.
 *
 * A payment is locked before its operations, and before the order of its caller: payments of one order the oldest first.
 * Gift cards come after the payments, store credit after them, each in the order of their ids; what is to be earned of an invoice
 * comes behind all of them, and before the number of a document.
 */
@Module({
  imports: [PlatformModule, IdentityModule],
  controllers: [
    CollectionController,
    ReceiptAdminController,
    DunningPolicyController,
    InvoiceLinkController,
    DisputeController,
    FraudRuleController,
    PaymentReviewController,
    ScreeningController,
    GiftCardAdminController,
    GiftCardController,
    PaymentController,
    PaymentAdminController,
    PaymentMethodController,
    RefundController,
    InvoiceAdminController,
    MyInvoicesController,
    CreditNoteController,
    DocumentController,
    MyDocumentController,
    SellerProfileController,
    LedgerController,
    BooksController,
    DeferredRevenueController,
    LimboController,
    ReconciliationController,
    AccountingController,
    MyStoreCreditController,
    NoticeAdminController,
    PlanAdminController,
    PlanController,
    StoreCreditAdminController,
    SubscriptionAdminController,
    SubscriptionController,
    SubscriptionStepsController,
    SubscriptionStepsAdminController,
    WebhookController,
    CouponAdminController,
    MyCouponController,
    UsageAdminController,
    MyUsageController,
  ],
  providers: [
    {
      provide: PaymentGateway,
      inject: [Config, Database, GatewayAccountRepository],
      useFactory: async (config: Config, database: Database, accounts: GatewayAccountRepository) => {
        if (config.stripeApiKey === null) return new TestGateway(config, database, accounts);
        // Stripe's library is two hundred files: for a store that has no account there, not one of them.
        const { StripeGateway } = await import('./gateway/stripe-gateway.adapter.js');
        return new StripeGateway(config.stripeApiKey, config, database);
      },
    },
    BillingApi,
    CouponGuesses,
    CouponRedemptionRepository,
    CouponRepository,
    Coupons,
    CouponSubscribers,
    CycleCharges,
    StaffCoupons,
    SubscriptionCoupons,
    UsageChargeRepository,
    UsageEventRepository,
    UsageEvents,
    UsageLines,
    UsageReader,
    UsageSubscribers,
    DeferredRevenue,
    DeferredRevenueRepository,
    Deferrals,
    DeferralRepository,
    DeferralSubscribers,
    RecognitionRepository,
    RevenueRecognition,
    BillingIntegrity,
    BillingIntegrityRepository,
    ConfirmationService,
    FraudJobs,
    FraudRuleRepository,
    FraudRuleSet,
    FraudRules,
    FraudScreen,
    SetupScreen,
    FraudSimulations,
    PaymentReviewRepository,
    PaymentReviews,
    ScreeningFacts,
    ScreeningRepository,
    GatewayAccountRepository,
    GatewayCalls,
    GatewayClock,
    GiftCardCodes,
    GiftCardIssuer,
    GiftCardJobs,
    GiftCardPeopleRepository,
    GiftCardRepository,
    GiftCards,
    InboxRepository,
    InboxService,
    InboxSubscribers,
    CollectionAttemptRepository,
    CollectionRepository,
    CollectionCharges,
    CollectionJobs,
    CollectionNews,
    CollectionSubscribers,
    ChargeableMethods,
    DunningLetters,
    InvoiceLinkRepository,
    InvoiceLinks,
    DueInvoices,
    DunningPolicies,
    DunningSimulations,
    InvoicePayments,
    SimulationRepository,
    StaffCollections,
    DunningPeopleRepository,
    LinkAttempts,
    OwnAttempts,
    DunningClock,
    GiftCardClock,
    StoreCreditClock,
    SubscriptionClock,
    GoodsSubscriptions,
    EntitlementRepository,
    Entitlements,
    EntitlementSubscribers,
    Collections,
    DunningPolicyRepository,
    Invoices,
    OrderDocuments,
    StaffInvoices,
    DocumentAttachments,
    DocumentLetters,
    Documents,
    InvoiceListRepository,
    MyInvoices,
    StaffCreditNotes,
    InvoiceJobs,
    InvoiceMoney,
    InvoiceMoneyRepository,
    InvoicePapers,
    InvoicePeople,
    InvoicePeopleRepository,
    InvoiceRepository,
    InvoiceSubscribers,
    CreditNoteRepository,
    CreditNotes,
    GivenByChangesRepository,
    SellerProfileRepository,
    SellerProfiles,
    DemoSeller,
    LedgerReader,
    LedgerRepository,
    AccountingExportRepository,
    AccountingExports,
    AccountMappingRepository,
    AccountMappings,
    CaseRepository,
    Reconciliation,
    ReconciliationJobs,
    RunRepository,
    SettlementLineRepository,
    StaffReconciliation,
    Limbo,
    LimboRepository,
    LedgerChain,
    LedgerChainRepository,
    LedgerJobs,
    LedgerPeriods,
    PeriodRepository,
    StatementRepository,
    Statements,
    CaptureRepository,
    Captures,
    ChargeNews,
    DisputeRepository,
    Disputes,
    GatewayCustomers,
    HoldEnd,
    HoldJobs,
    MethodCharges,
    MethodSetupRepository,
    MethodSetups,
    SetupOutcomes,
    MyPaymentMethods,
    PaymentMethodSubscribers,
    PaymentMethodRepository,
    PaymentOpening,
    StaffCaptures,
    StaffDisputes,
    MyStoreCredit,
    OperationRepository,
    OrderRefunds,
    OwnRefunds,
    PaymentAccess,
    PaymentEnd,
    PaymentJobs,
    BillingPersonalData,
    PaymentPersonalDataRepository,
    PaymentRepository,
    PaymentService,
    PaymentSubscribers,
    ReceiptRepository,
    InvoiceReceipts,
    Receipts,
    RefundDocuments,
    RefundReader,
    RefundRepository,
    RefundService,
    StaffGiftCards,
    StaffNotices,
    StaffPayments,
    StaffRefunds,
    StaffStoreCredits,
    StoreCreditJobs,
    StoreCreditPeopleRepository,
    StoreCreditRepository,
    StoreCredits,
    PlanRepository,
    Plans,
    FirstInvoices,
    LeftoverCredits,
    ChangeMaker,
    ChangePlanner,
    ChangeQuotes,
    MySubscriptions,
    Renewals,
    SubscriptionChanges,
    SubscriptionCharges,
    SubscriptionDesk,
    SubscriptionEnds,
    SubscriptionJobs,
    SubscriptionOffers,
    SubscriptionOpening,
    SubscriptionSteps,
    StaffSubscriptions,
    TrialRepository,
    DueSubscriptionRepository,
    ChangeQuoteRepository,
    SubscriptionPayments,
    SubscriptionPeople,
    SubscriptionReader,
    SubscriptionReturns,
    SubscriptionStarts,
    SubscriptionSubscribers,
    Payability,
    GivenBackRepository,
    PendingLineRepository,
    BillingDetails,
    ChargedSubscriptions,
    SubscriptionBuyers,
    SubscriptionVat,
    SubscriptionInvoices,
    SubscriptionRepository,
    Subscriptions,
    Tenders,
  ],
  exports: [BillingApi],
})
export class BillingModule {}

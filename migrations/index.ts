import { BillingEntitlements1780000000761 } from './billing/1780000000761-entitlements.js';
import { BillingTrials1780000000830 } from './billing/1780000000830-trials.js';
import { BillingUsedQuotes1780000000831 } from './billing/1780000000831-used-quotes.js';
import { OrderingBaskets1780000000680 } from './ordering/1780000000680-baskets.js';
import { OrderingWithdrawnChanges1780000000684 } from './ordering/1780000000684-withdrawn-changes.js';
import { BillingBooks1780000000720 } from './billing/1780000000720-books.js';
import { BillingDunning1780000000760 } from './billing/1780000000760-dunning.js';
import { IdentityDunningPermissions1760000020670 } from './identity/1760000020670-dunning-permissions.js';
import { BillingFraud1780000000770 } from './billing/1780000000770-fraud.js';
import { BillingQuickScreening1780000000771 } from './billing/1780000000771-quick-screening.js';
import { BillingScreeningElsewhere1780000000840 } from './billing/1780000000840-screening-elsewhere.js';
import { BillingScreeningMarks1780000000841 } from './billing/1780000000841-screening-marks.js';
import { BillingUnappliedMoney1780000000842 } from './billing/1780000000842-unapplied-money.js';
import { BillingHeldAgain1780000000850 } from './billing/1780000000850-held-again.js';
import { BillingItemsForOthers1780000000870 } from './billing/1780000000870-items-for-others.js';
import { BillingCoveredRefunds1780000000905 } from './billing/1780000000905-covered-refunds.js';
import { BillingReverseCharge1780000000930 } from './billing/1780000000930-reverse-charge.js';
import { PlatformVatChecks1780000000932 } from './platform/1780000000932-vat-checks.js';
import { OrderingVatChecksElsewhere1780000000933 } from './ordering/1780000000933-vat-checks-elsewhere.js';
import { BillingFeeCurrency1780000000991 } from './billing/1780000000991-fee-currency.js';
import { BillingLostOfNotes1780000000990 } from './billing/1780000000990-lost-of-notes.js';
import { BillingGivenOutside1780000000915 } from './billing/1780000000915-given-outside.js';
import { BillingOverdrawnPayments1780000000980 } from './billing/1780000000980-overdrawn-payments.js';
import { BillingLeftoverCredits1780000000950 } from './billing/1780000000950-leftover-credits.js';
import { BillingToldEntitlements1780000000970 } from './billing/1780000000970-told-entitlements.js';
import { BillingEndsWithoutBills1780000000971 } from './billing/1780000000971-ends-without-bills.js';
import { BillingHoldTries1780000000851 } from './billing/1780000000851-hold-tries.js';
import { BillingDueCollections1780000000852 } from './billing/1780000000852-due-collections.js';
import { BillingOpenSchedules1780000000860 } from './billing/1780000000860-open-schedules.js';
import { BillingForgottenQuotes1780000000861 } from './billing/1780000000861-forgotten-quotes.js';
import { BillingLinesAsTold1780000000880 } from './billing/1780000000880-lines-as-told.js';
import { BillingReducedUsage1780000000960 } from './billing/1780000000960-reduced-usage.js';
import { BillingCouponUsesBetweenCycles1780000000961 } from './billing/1780000000961-coupon-uses-between-cycles.js';
import { BillingCountedCards1780000000881 } from './billing/1780000000881-counted-cards.js';
import { BillingDisputedCharges1780000000910 } from './billing/1780000000910-disputed-charges.js';
import { IdentityFraudPermissions1760000020680 } from './identity/1760000020680-fraud-permissions.js';
import { BillingReconciliation1780000000721 } from './billing/1780000000721-reconciliation.js';
import { BillingInvoicesPaidInParts1780000000715 } from './billing/1780000000715-invoices-paid-in-parts.js';
import { BillingAccountMapping1780000000722 } from './billing/1780000000722-account-mapping.js';
import { BillingRefundsOfOwnMoney1780000000795 } from './billing/1780000000795-refunds-of-own-money.js';
import { BillingDeferredRevenue1780000000820 } from './billing/1780000000820-deferred-revenue.js';
import { BillingInvoices1780000000730 } from './billing/1780000000730-invoices.js';
import { BillingPlans1780000000750 } from './billing/1780000000750-plans.js';
import { BillingSubscriptions1780000000751 } from './billing/1780000000751-subscriptions.js';
import { BillingUsage1780000000755 } from './billing/1780000000755-usage.js';
import { BillingSubscriptionCoupons1780000000758 } from './billing/1780000000758-subscription-coupons.js';
import { IdentityUsagePermissions1760000020665 } from './identity/1760000020665-usage-permissions.js';
import { IdentitySubscriptionPermissions1760000020660 } from './identity/1760000020660-subscription-permissions.js';
import { IdentityInvoicePermissions1760000020640 } from './identity/1760000020640-invoice-permissions.js';
import { PlatformIntegrity1780000000610 } from './platform/1780000000610-integrity.js';
import { IdentityIntegrityPermissions1780000000611 } from './identity/1780000000611-integrity-permissions.js';
import { CatalogListedPromotions1760000010500 } from './catalog/1760000010500-listed-promotions.js';
import { OrderingSilentProviders1780000000650 } from './ordering/1780000000650-silent-providers.js';
import { OrderingToldPromotions1780000000620 } from './ordering/1780000000620-told-promotions.js';
import { OrderingCountedCodes1780000000612 } from './ordering/1780000000612-counted-codes.js';
import { CatalogPromisedHolds1760000010460 } from './catalog/1760000010460-promised-holds.js';
import { OrderingGiftMessages1780000000625 } from './ordering/1780000000625-gift-messages.js';
import { OrderingNothingAwaited1780000000626 } from './ordering/1780000000626-nothing-awaited.js';
import { CatalogStockValue1760000010510 } from './catalog/1760000010510-stock-value.js';
import { CatalogExportSkips1760000010320 } from './catalog/1760000010320-export-skips.js';
import type { Migrations } from '../src/platform/database/migrate.js';
import { BillingPayments1780000000300 } from './billing/1780000000300-payments.js';
import { BillingLedger1780000000310 } from './billing/1780000000310-ledger.js';
import { BillingGiftCards1780000000360 } from './billing/1780000000360-gift-cards.js';
import { BillingCreditTaken1780000000395 } from './billing/1780000000395-credit-taken.js';
import { BillingAttention1780000000396 } from './billing/1780000000396-attention.js';
import { BillingCapturesAndMethods1780000000710 } from './billing/1780000000710-captures-and-methods.js';
import { BillingTenders1780000000370 } from './billing/1780000000370-tenders.js';
import { BillingGatewayEvents1780000000320 } from './billing/1780000000320-gateway-events.js';
import { BillingLateCharges1780000000330 } from './billing/1780000000330-late-charges.js';
import { BillingFailedNotices1780000000340 } from './billing/1780000000340-failed-notices.js';
import { Catalog1760000010000 } from './catalog/1760000010000-catalog.js';
import { CatalogSearch1760000010010 } from './catalog/1760000010010-search.js';
import { CatalogDigitalGoods1760000010210 } from './catalog/1760000010210-digital-goods.js';
import { CatalogImports1760000010020 } from './catalog/1760000010020-imports.js';
import { CatalogListItems1760000010030 } from './catalog/1760000010030-list-items.js';
import { CatalogTaxClasses1760000010050 } from './catalog/1760000010050-tax-classes.js';
import { CatalogRecommendations1760000010310 } from './catalog/1760000010310-recommendations.js';
import { CatalogReviews1760000010300 } from './catalog/1760000010300-reviews.js';
import { CatalogRetiredVariants1760000010040 } from './catalog/1760000010040-retired-variants.js';
import { CatalogVocabulary1760000010060 } from './catalog/1760000010060-vocabulary.js';
import { BillingPeople1780000000350 } from './billing/1780000000350-people.js';
import { OrderingPeople1780000000450 } from './ordering/1780000000450-people.js';
import { IdentityPrivacy1760000020400 } from './identity/1760000020400-privacy.js';
import { IdentityPromotionPermissions1760000020510 } from './identity/1760000020510-promotion-permissions.js';
import { IdentityReviewPermissions1760000020500 } from './identity/1760000020500-review-permissions.js';
import { PlatformUnsentMails1760000000060 } from './platform/1760000000060-unsent-mails.js';
import { CatalogMedia1760000010070 } from './catalog/1760000010070-media.js';
import { CatalogBundles1760000010200 } from './catalog/1760000010200-bundles.js';
import { CatalogCategoryPages1760000010090 } from './catalog/1760000010090-category-pages.js';
import { CatalogCollections1760000010100 } from './catalog/1760000010100-collections.js';
import { CatalogPriceChanges1760000010120 } from './catalog/1760000010120-price-changes.js';
import { CatalogStockNotices1760000010150 } from './catalog/1760000010150-stock-notices.js';
import { CatalogStocktakes1760000010140 } from './catalog/1760000010140-stocktakes.js';
import { CatalogStockTerms1760000010130 } from './catalog/1760000010130-stock-terms.js';
import { OrderingLimits1780000000460 } from './ordering/1780000000460-limits.js';
import { CatalogPriceLists1760000010110 } from './catalog/1760000010110-price-lists.js';
import { CatalogBrandOrders1760000010210 } from './catalog/1760000010210-brand-orders.js';
import { CatalogStockNoticeCounts1760000010320 } from './catalog/1760000010320-stock-notice-counts.js';
import { CatalogSearchTogether1760000010400 } from './catalog/1760000010400-search-together.js';
import { CatalogSizes1760000010420 } from './catalog/1760000010420-sizes.js';
import { OrderingShippingMethods1780000000520 } from './ordering/1780000000520-shipping-methods.js';
import { CatalogCategoryPlaces1760000010410 } from './catalog/1760000010410-category-places.js';
import { CatalogFacetCodes1760000010450 } from './catalog/1760000010450-facet-codes.js';
import { CatalogSearchTools1760000010200 } from './catalog/1760000010200-search-tools.js';
import { CatalogProductTypes1760000010200 } from './catalog/1760000010200-product-types.js';
import { CatalogSeoAndRelated1760000010210 } from './catalog/1760000010210-seo-and-related.js';
import { CatalogTranslations1760000010220 } from './catalog/1760000010220-translations.js';
import { CatalogProductDrafts1760000010230 } from './catalog/1760000010230-product-drafts.js';
import { CatalogSearchTexts1760000010240 } from './catalog/1760000010240-search-texts.js';
import { CatalogImportNames1760000010320 } from './catalog/1760000010320-import-names.js';
import { CatalogExports1760000010300 } from './catalog/1760000010300-exports.js';
import { OrderingZones1780000000400 } from './ordering/1780000000400-zones.js';
import { OrderingCarts1780000000410 } from './ordering/1780000000410-carts.js';
import { OrderingLineContents1780000000460 } from './ordering/1780000000460-line-contents.js';
import { OrderingOrders1780000000420 } from './ordering/1780000000420-orders.js';
import { OrderingDefaultZones1780000000430 } from './ordering/1780000000430-default-zones.js';
import { OrderingDigitalLines1780000000470 } from './ordering/1780000000470-digital-lines.js';
import { OrderingGiftCardLines1780000000480 } from './ordering/1780000000480-gift-card-lines.js';
import { OrderingPromotions1780000000510 } from './ordering/1780000000510-promotions.js';
import { OrderingPromotionResults1780000000500 } from './ordering/1780000000500-promotion-results.js';
import { OrderingCarrierEvents1780000000581 } from './ordering/1780000000581-carrier-events.js';
import { OrderingFulfilments1780000000580 } from './ordering/1780000000580-fulfilments.js';
import { OrderingTaxRules1780000000530 } from './ordering/1780000000530-tax-rules.js';
import { OrderingCartLives1780000000540 } from './ordering/1780000000540-cart-lives.js';
import { OrderingSharedCarts1780000000541 } from './ordering/1780000000541-shared-carts.js';
import { OrderingCartReminders1780000000542 } from './ordering/1780000000542-cart-reminders.js';
import { OrderingDrafts1780000000590 } from './ordering/1780000000590-drafts.js';
import { OrderingDraftBuyers1780000000630 } from './ordering/1780000000630-draft-buyers.js';
import { OrderingGuestOrders1780000000440 } from './ordering/1780000000440-guest-orders.js';
import { Identity1760000020000 } from './identity/1760000020000-identity.js';
import { IdentityAttempts1760000020010 } from './identity/1760000020010-attempts.js';
import { IdentityProofs1760000020020 } from './identity/1760000020020-proofs.js';
import { IdentityFactors1760000020040 } from './identity/1760000020040-factors.js';
import { IdentityPasskeys1760000020050 } from './identity/1760000020050-passkeys.js';
import { IdentityProviders1760000020060 } from './identity/1760000020060-providers.js';
import { IdentityKeyStates1760000020130 } from './identity/1760000020130-key-states.js';
import { IdentityApiKeys1760000020140 } from './identity/1760000020140-api-keys.js';
import { IdentityRevokedTokens1760000020150 } from './identity/1760000020150-revoked-tokens.js';
import { IdentityRoles1760000020160 } from './identity/1760000020160-roles.js';
import { IdentityCustomers1760000020200 } from './identity/1760000020200-customers.js';
import { IdentityFactorResets1760000020300 } from './identity/1760000020300-factor-resets.js';
import { IdentityCodeBrowsers1760000020240 } from './identity/1760000020240-code-browsers.js';
import { IdentityImpersonation1760000020250 } from './identity/1760000020250-impersonation.js';
import { IdentitySealedPeople1760000020310 } from './identity/1760000020310-sealed-people.js';
import { Bullmq1760000000001 } from './platform/1760000000001-bullmq.js';
import { Kernel1760000000000 } from './platform/1760000000000-kernel.js';
import { Consumers1760000000030 } from './platform/1760000000030-consumers.js';
import { Mails1760000000020 } from './platform/1760000000020-mails.js';
import { PlatformAuditChain1760000000040 } from './platform/1760000000040-audit-chain.js';
import { PlatformAuditNetwork1760000000050 } from './platform/1760000000050-audit-network.js';
import { PlatformSubjectKeys1760000000050 } from './platform/1760000000050-subject-keys.js';
import { OrderingChanges1780000000560 } from './ordering/1780000000560-changes.js';
import { OrderingReturns1780000000561 } from './ordering/1780000000561-returns.js';
import { OrderingDesk1780000000562 } from './ordering/1780000000562-desk.js';
import { IdentityPaymentPermissions1760000020620 } from './identity/1760000020620-payment-permissions.js';
import { IdentityReportPermissions1760000020520 } from './identity/1760000020520-report-permissions.js';
import { OrderingReports1780000000600 } from './ordering/1780000000600-reports.js';
import { OrderingRefusedRefunds1780000000660 } from './ordering/1780000000660-refused-refunds.js';
import { OrderingFoundOrders1780000000661 } from './ordering/1780000000661-found-orders.js';
import { PlatformTestClock1780000000790 } from './platform/1780000000790-test-clock.js';

/** Every change of the schema, in order. A list and not a glob: the compiler checks it, and no build can forget a file. */
export const migrations: Migrations = [
  Kernel1760000000000,
  Bullmq1760000000001,
  Mails1760000000020,
  Consumers1760000000030,
  Identity1760000020000,
  Catalog1760000010000,
  CatalogSearch1760000010010,
  CatalogImports1760000010020,
  BillingPayments1780000000300,
  BillingLedger1780000000310,
  BillingGatewayEvents1780000000320,
  OrderingZones1780000000400,
  OrderingCarts1780000000410,
  OrderingOrders1780000000420,
  OrderingDefaultZones1780000000430,
  IdentityAttempts1760000020010,
  CatalogListItems1760000010030,
  CatalogRetiredVariants1760000010040,
  BillingLateCharges1780000000330,
  BillingFailedNotices1780000000340,
  CatalogTaxClasses1760000010050,
  IdentityProofs1760000020020,
  PlatformAuditChain1760000000040,
  IdentityFactors1760000020040,
  IdentityPasskeys1760000020050,
  IdentityProviders1760000020060,
  CatalogVocabulary1760000010060,
  IdentityKeyStates1760000020130,
  IdentityApiKeys1760000020140,
  IdentityRevokedTokens1760000020150,
  IdentityRoles1760000020160,
  IdentityCustomers1760000020200,
  OrderingGuestOrders1780000000440,
  PlatformAuditNetwork1760000000050,
  PlatformSubjectKeys1760000000050,
  IdentityFactorResets1760000020300,
  IdentityCodeBrowsers1760000020240,
  IdentityImpersonation1760000020250,
  IdentitySealedPeople1760000020310,
  IdentityPrivacy1760000020400,
  PlatformUnsentMails1760000000060,
  OrderingPeople1780000000450,
  BillingPeople1780000000350,
  CatalogMedia1760000010070,
  CatalogCategoryPages1760000010090,
  CatalogCollections1760000010100,
  CatalogPriceLists1760000010110,
  CatalogPriceChanges1760000010120,
  CatalogStockTerms1760000010130,
  OrderingLimits1780000000460,
  CatalogSearchTools1760000010200,
  CatalogProductTypes1760000010200,
  CatalogSeoAndRelated1760000010210,
  CatalogTranslations1760000010220,
  CatalogProductDrafts1760000010230,
  CatalogStocktakes1760000010140,
  CatalogStockNotices1760000010150,
  CatalogBundles1760000010200,
  OrderingLineContents1780000000460,
  CatalogDigitalGoods1760000010210,
  OrderingDigitalLines1780000000470,
  CatalogReviews1760000010300,
  CatalogRecommendations1760000010310,
  IdentityReviewPermissions1760000020500,
  CatalogSearchTexts1760000010240,
  CatalogExports1760000010300,
  CatalogBrandOrders1760000010210,
  BillingGiftCards1780000000360,
  OrderingGiftCardLines1780000000480,
  CatalogImportNames1760000010320,
  CatalogStockNoticeCounts1760000010320,
  CatalogExportSkips1760000010320,
  CatalogSearchTogether1760000010400,
  CatalogCategoryPlaces1760000010410,
  CatalogFacetCodes1760000010450,
  BillingTenders1780000000370,
  IdentityPromotionPermissions1760000020510,
  OrderingPromotions1780000000510,
  OrderingPromotionResults1780000000500,
  OrderingChanges1780000000560,
  OrderingReturns1780000000561,
  OrderingFulfilments1780000000580,
  OrderingCarrierEvents1780000000581,
  OrderingTaxRules1780000000530,
  CatalogSizes1760000010420,
  OrderingShippingMethods1780000000520,
  OrderingDesk1780000000562,
  OrderingCartLives1780000000540,
  OrderingSharedCarts1780000000541,
  OrderingCartReminders1780000000542,
  IdentityReportPermissions1760000020520,
  OrderingReports1780000000600,
  PlatformIntegrity1780000000610,
  IdentityIntegrityPermissions1780000000611,
  OrderingCountedCodes1780000000612,
  CatalogPromisedHolds1760000010460,
  OrderingDrafts1780000000590,
  OrderingToldPromotions1780000000620,
  CatalogListedPromotions1760000010500,
  CatalogStockValue1760000010510,
  OrderingGiftMessages1780000000625,
  OrderingNothingAwaited1780000000626,
  BillingCreditTaken1780000000395,
  OrderingSilentProviders1780000000650,
  BillingAttention1780000000396,
  OrderingDraftBuyers1780000000630,
  OrderingRefusedRefunds1780000000660,
  OrderingFoundOrders1780000000661,
  BillingCapturesAndMethods1780000000710,
  IdentityPaymentPermissions1760000020620,
  BillingInvoices1780000000730,
  IdentityInvoicePermissions1760000020640,
  BillingBooks1780000000720,
  PlatformTestClock1780000000790,
  BillingDunning1780000000760,
  IdentityDunningPermissions1760000020670,
  BillingFraud1780000000770,
  IdentityFraudPermissions1760000020680,
  BillingReconciliation1780000000721,
  BillingQuickScreening1780000000771,
  BillingInvoicesPaidInParts1780000000715,
  BillingPlans1780000000750,
  BillingSubscriptions1780000000751,
  IdentitySubscriptionPermissions1760000020660,
  BillingAccountMapping1780000000722,
  BillingUsage1780000000755,
  BillingSubscriptionCoupons1780000000758,
  IdentityUsagePermissions1760000020665,
  BillingEntitlements1780000000761,
  OrderingBaskets1780000000680,
  BillingRefundsOfOwnMoney1780000000795,
  BillingDeferredRevenue1780000000820,
  BillingTrials1780000000830,
  BillingUsedQuotes1780000000831,
  BillingScreeningElsewhere1780000000840,
  BillingScreeningMarks1780000000841,
  BillingUnappliedMoney1780000000842,
  BillingHeldAgain1780000000850,
  BillingHoldTries1780000000851,
  BillingDueCollections1780000000852,
  BillingOpenSchedules1780000000860,
  BillingForgottenQuotes1780000000861,
  BillingItemsForOthers1780000000870,
  BillingLinesAsTold1780000000880,
  BillingCountedCards1780000000881,
  BillingCoveredRefunds1780000000905,
  BillingDisputedCharges1780000000910,
  BillingGivenOutside1780000000915,
  BillingReverseCharge1780000000930,
  PlatformVatChecks1780000000932,
  OrderingVatChecksElsewhere1780000000933,
  OrderingWithdrawnChanges1780000000684,
  BillingLeftoverCredits1780000000950,
  BillingReducedUsage1780000000960,
  BillingCouponUsesBetweenCycles1780000000961,
  BillingToldEntitlements1780000000970,
  BillingEndsWithoutBills1780000000971,
  BillingOverdrawnPayments1780000000980,
  BillingLostOfNotes1780000000990,
  BillingFeeCurrency1780000000991,
];

import { Module } from '@nestjs/common';
import { BillingModule } from './billing/billing.module.js';
import { CatalogModule } from './catalog/catalog.module.js';
import { OrderingModule } from './ordering/ordering.module.js';
import { IdentityModule } from './identity/identity.module.js';
import { PlatformModule } from './platform/platform.module.js';

/** The whole system on one page. */
@Module({
  imports: [PlatformModule, IdentityModule, CatalogModule, BillingModule, OrderingModule],
})
export class AppModule {}

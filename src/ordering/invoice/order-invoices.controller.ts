import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HeldByShopper, Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { CurrentHolder, type Holder } from '../cart/cart.access.js';
import { OrderParams } from '../order/order.dto.js';
import { OrderInvoicesDto } from './order-invoices.dto.js';
import { OrderInvoices } from './order-invoices.service.js';

@ApiTags('Invoices')
@Controller('/v1')
export class OrderInvoicesController {
  constructor(private readonly invoices: OrderInvoices) {}

  @Get('/orders/:id/invoices')
  @Public()
  @HeldByShopper('ordering:order:read')
  @Operation({
    id: 'listOrderInvoices',
    summary: 'List the invoices of an order',
    description:
      'For its customer, for whoever holds the token of its cart, and for staff: with the credit notes that took something off ' +
      'them since. An order has its invoice soon after it was placed, and a further one for what a change adds.',
    answers: { 200: OrderInvoicesDto },
  })
  async list(@Param() { id }: OrderParams, @CurrentHolder() holder: Holder): Promise<OrderInvoicesDto> {
    return OrderInvoicesDto.from(await this.invoices.of(id, holder));
  }
}

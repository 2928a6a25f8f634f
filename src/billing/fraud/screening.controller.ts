import { Controller, Get, Param, ParseUUIDPipe } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { FraudSimulations } from './fraud-simulations.service.js';
import { ScreeningListDto } from './screening.dto.js';

/** How the attempts of a payment were screened, for staff. */
@ApiTags('Fraud screening')
@Permissions('billing:fraud:read')
@Controller('v1/admin/payments/:id/screenings')
export class ScreeningController {
  constructor(private readonly simulations: FraudSimulations) {}

  @Get()
  @Operation({
    id: 'listPaymentScreenings',
    summary: 'List what the screening said of the attempts of a payment',
    description:
      'Each with the rules that held then. A blocked one was answered like a declined card, and here alone is it told from one. ' +
      'Empty for a payment that no shopper tried, and after 90 days.',
    answers: { 200: ScreeningListDto },
  })
  list(@Param('id', ParseUUIDPipe) id: string): Promise<ScreeningListDto> {
    return this.simulations.ofPayment(id);
  }
}

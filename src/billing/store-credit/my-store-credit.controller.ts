import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { MyStoreCredit } from './my-store-credit.service.js';
import { MyStoreCreditDto } from './store-credit.dto.js';

@ApiTags('Store credit')
@Controller('v1/me/store-credit')
@Permissions('account:self')
export class MyStoreCreditController {
  constructor(private readonly credit: MyStoreCredit) {}

  @Get()
  @Operation({
    id: 'getMyStoreCredit',
    summary: 'Tells what I have of store credit',
    description:
      'In each currency, with what of it ends one day and the last changes. It is spent by `storeCredit` of ' +
      '`POST /v1/carts/{id}/checkout`.',
    answers: { 200: MyStoreCreditDto },
  })
  get(@CurrentActor() { id }: PersonActor): Promise<MyStoreCreditDto> {
    return this.credit.of(id);
  }
}

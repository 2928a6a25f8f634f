import { Body, Controller, Header, Ip, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { LookUpOrderDto, LookupDto, LookupTokenDto, VerifyLookupDto } from './order-lookup.dto.js';
import { lookupProblems } from './order-lookup.errors.js';
import { OrderLookups } from './order-lookups.service.js';

@ApiTags('Orders')
@Controller('/v1/orders/lookup')
export class OrderLookupController {
  constructor(private readonly lookups: OrderLookups) {}

  @Post()
  @Public()
  @Operation({
    id: 'lookUpOrder',
    summary: 'Find an order without an account',
    description:
      'For guests who have no token of their cart any more. When there is a placed order of this number and address, a code of ' +
      'six digits goes to that address; the answer is the same when there is none. An order is found five times an hour.',
    answers: { 202: LookupDto },
    problems: [platformProblems.too_many_requests],
  })
  @Header('cache-control', 'no-store')
  ask(@Body() body: LookUpOrderDto, @Ip() ip: string): Promise<LookupDto> {
    return this.lookups.ask(body, ip);
  }

  @Post('/verification')
  @Public()
  @Operation({
    id: 'verifyOrderLookup',
    example: { lookupId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e', code: '402913' },
    summary: 'Open an order with a code',
    description:
      'Answers a token that opens the order for an hour: send it as `X-Cart-Token`. A code is tried five times at most; 422 ' +
      '`ordering.lookup_refused` does not say what is wrong with it.',
    answers: { 200: LookupTokenDto },
    problems: [lookupProblems.lookup_refused, platformProblems.too_many_requests],
  })
  @Header('cache-control', 'no-store')
  verify(@Body() body: VerifyLookupDto, @Ip() ip: string): Promise<LookupTokenDto> {
    return this.lookups.verify(body, ip);
  }
}

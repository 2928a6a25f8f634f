import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { SellerProfileDto, SellerProfileInput } from './seller-profile.dto.js';
import { SellerProfiles } from './seller-profiles.service.js';

/** Who sells, for staff. */
@ApiTags('Invoices')
@Controller('v1/admin/seller-profile')
export class SellerProfileController {
  constructor(private readonly profiles: SellerProfiles) {}

  @Get()
  @Permissions('billing:invoice:read')
  @Operation({
    id: 'getSellerProfile',
    headers: ['ETag'],
    summary: 'Read who sells',
    description:
      'Name, address, tax ids and bank of the shop as its invoices have them, the prefixes of their numbers and when they are to ' +
      'be paid. `missing` says what the law wants and is not there: until then invoices wait as drafts.',
    answers: { 200: SellerProfileDto },
  })
  get(): Promise<SellerProfileDto> {
    return this.profiles.get();
  }

  @Put()
  @Permissions('billing:invoice:write')
  @Operation({
    id: 'putSellerProfile',
    example: {
      name: 'Guildhall Trading GmbH',
      address: { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552', country: 'DE' },
      vatId: 'DE136695976',
      register: 'Amtsgericht Lübeck, HRB 1234',
      email: 'billing@guildhall.example',
      iban: 'DE02120300000000202051',
      bic: 'BYLADEM1001',
      timeZone: 'Europe/Berlin',
      paymentTermDays: 14,
      invoicePrefix: '{year}-',
      creditNotePrefix: 'CN-{year}-',
      notes: ['Goods remain our property until they are paid.'],
    },
    headers: ['ETag'],
    summary: 'Say who sells',
    description:
      'All of it: what is left out is taken away. Documents that are finalised keep what they were made with. Once nothing is ' +
      'missing any more, the invoices that waited for it are finalised by themselves.',
    answers: { 200: SellerProfileDto },
    problems: [platformProblems.stale_version],
  })
  replace(
    @CurrentActor() actor: Actor,
    @Body() input: SellerProfileInput,
    @IfMatch() version: number | null,
  ): Promise<SellerProfileDto> {
    return this.profiles.replace(input, version, actor);
  }
}

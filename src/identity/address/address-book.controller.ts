import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import { AddressParams, BookAddressDto, CreateAddressDto, UpdateAddressDto } from './address-book.dto.js';
import { AddressBookService } from './address-book.service.js';

@Controller('v1/me/addresses')
@Permissions('account:self')
@ApiTags('Addresses')
export class AddressBookController {
  constructor(private readonly addresses: AddressBookService) {}

  @Get()
  @Operation({
    id: 'listMyAddresses',
    summary: 'Lists my addresses',
    description: 'The newest first; at most fifty are kept.',
    answers: { 200: PageOf(BookAddressDto) },
  })
  list(
    @CurrentActor() actor: PersonActor,
    @Query() { limit, cursor }: PageQuery,
  ): Promise<Page<BookAddressDto>> {
    return this.addresses.page(actor.id, limit, cursor);
  }

  @Post()
  @Operation({
    id: 'createMyAddress',
    location: '/v1/me/addresses/{id}',
    headers: ['ETag'],
    summary: 'Keeps an address',
    description:
      'Takes what carts and the checkout take, by the same rules: where its country has postal codes or ' +
      'regions that carriers ask for, they are required and must look right (400 with their pointer).\n\n' +
      'The first address becomes the default for goods and for invoices; a later one does when it says ' +
      'so, and the former default is none any more. 422 `identity.too_many_addresses` after fifty.',
    answers: { 201: BookAddressDto },
    problems: [identityProblems.too_many_addresses],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateAddressDto, @CurrentActor() actor: PersonActor): Promise<BookAddressDto> {
    return this.addresses.create(actor, input);
  }

  @Get(':id')
  @Operation({
    id: 'getMyAddress',
    headers: ['ETag'],
    summary: 'Shows an address of mine',
    description: 'One address with its version. Somebody else’s is answered like none: 404.',
    answers: { 200: BookAddressDto },
    problems: [platformProblems.not_found],
  })
  get(@Param() { id }: AddressParams, @CurrentActor() actor: PersonActor): Promise<BookAddressDto> {
    return this.addresses.get(actor.id, id);
  }

  @Patch(':id')
  @Operation({
    id: 'updateMyAddress',
    headers: ['ETag'],
    summary: 'Changes an address of mine',
    description:
      'What is left out stays; null deletes. The address as it is then must fit its country: whoever ' +
      'changes `country` sends what that country asks for along.\n\n' +
      '`defaultShipping` or `defaultBilling` true moves that default here; false where the default is ' +
      'gets 422 `identity.default_address_needed`. Orders that were placed keep their copy.',
    answers: { 200: BookAddressDto },
    problems: [
      platformProblems.not_found,
      platformProblems.stale_version,
      identityProblems.default_address_needed,
    ],
  })
  update(
    @Param() { id }: AddressParams,
    @Body() input: UpdateAddressDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: PersonActor,
  ): Promise<BookAddressDto> {
    return this.addresses.update(actor, id, input, version);
  }

  @Delete(':id')
  @Operation({
    id: 'deleteMyAddress',
    summary: 'Forgets an address of mine',
    description:
      'Where it was the default, the newest of the others becomes it. Orders that were placed keep their copy.',
    answers: { 204: null },
    problems: [platformProblems.not_found, platformProblems.stale_version],
  })
  async delete(
    @Param() { id }: AddressParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: PersonActor,
  ): Promise<void> {
    await this.addresses.delete(actor, id, version);
  }
}

import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  TaxExemptionDto,
  TaxExemptionInput,
  TaxExemptionParams,
  TaxExemptionPatch,
  TaxExemptionQuery,
} from './exemption.dto.js';
import { ExemptionService } from './exemption.service.js';

const { not_found, conflict, stale_version } = platformProblems;

@ApiTags('Tax exemptions')
@Controller('/v1/admin/tax-exemptions')
export class ExemptionController {
  constructor(
    private readonly exemptions: ExemptionService,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Permissions('ordering:order:read')
  @Operation({
    id: 'listTaxExemptions',
    summary: 'List certificates of exemption',
    description: 'The newest first, of one customer or of all; those that are over, too.',
    answers: { 200: PageOf(TaxExemptionDto) },
  })
  async list(@Query() query: TaxExemptionQuery): Promise<Page<TaxExemptionDto>> {
    const { customerId = null, cursor, limit } = query;
    const name = `tax-exemptions:${customerId}`;
    const [after = null] = this.cursors.decode(name, cursor) ?? [];
    const rows = await this.exemptions.list(customerId, after as string | null, limit + 1);
    return this.cursors.page(name, rows, limit, ({ id }) => [id]);
  }

  @Get('/:id')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getTaxExemption',
    headers: ['ETag'],
    summary: 'Read a certificate of exemption',
    description: 'Whose it is, where it holds, and until when.',
    answers: { 200: TaxExemptionDto },
    problems: [not_found],
  })
  get(@Param() { id }: TaxExemptionParams): Promise<TaxExemptionDto> {
    return this.exemptions.get(id);
  }

  @Post()
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'createTaxExemption',
    location: '/v1/admin/tax-exemptions/{id}',
    example: {
      customerId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
      number: 'TX-2026-00417',
      jurisdiction: 'US-TX',
      reason: 'Resale',
      validUntil: '2027-12-31T23:00:00.000Z',
    },
    headers: ['ETag'],
    summary: 'Exempt a customer by certificate',
    description:
      'Carts of the customer that go to the jurisdiction are charged the net, at once and until `validUntil`. Orders freeze ' +
      'the certificate with its reason. 404 for a customer that there is none of; 409 when it has that certificate.',
    answers: { 201: TaxExemptionDto },
    problems: [not_found, conflict],
    idempotency: 'accepted',
  })
  create(@CurrentActor() actor: Actor, @Body() body: TaxExemptionInput): Promise<TaxExemptionDto> {
    return this.exemptions.create(actor, body);
  }

  @Patch('/:id')
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'updateTaxExemption',
    example: { validUntil: '2027-12-31T23:00:00.000Z' },
    headers: ['ETag'],
    summary: 'Change a certificate of exemption',
    description: 'What is left out stays; `validUntil: null` makes it hold for good. The customer stays.',
    answers: { 200: TaxExemptionDto },
    problems: [not_found, conflict, stale_version],
  })
  update(
    @CurrentActor() actor: Actor,
    @Param() { id }: TaxExemptionParams,
    @Body() body: TaxExemptionPatch,
    @IfMatch() version: number | null,
  ): Promise<TaxExemptionDto> {
    return this.exemptions.update(actor, id, body, version);
  }

  @Delete('/:id')
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'deleteTaxExemption',
    summary: 'Take a certificate of exemption away',
    description: 'Carts are taxed again at once; orders keep what they were placed with.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  delete(
    @CurrentActor() actor: Actor,
    @Param() { id }: TaxExemptionParams,
    @IfMatch() version: number | null,
  ): Promise<void> {
    return this.exemptions.delete(actor, id, version);
  }
}

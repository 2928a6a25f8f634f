import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { TaxSettingsDto, TaxSettingsPatch } from './tax-settings.dto.js';
import { TaxSettingsService } from './tax-settings.service.js';

@ApiTags('Tax settings')
@Controller('/v1/admin/tax-settings')
export class TaxSettingsController {
  constructor(private readonly settings: TaxSettingsService) {}

  @Get()
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getTaxSettings',
    headers: ['ETag'],
    summary: 'Read how the shop taxes',
    description:
      'Origin and place of supply, prices abroad, tax of shipping, rounding, VAT ids and who is exempt. The zones have the rates.',
    answers: { 200: TaxSettingsDto },
  })
  get(): Promise<TaxSettingsDto> {
    return this.settings.get();
  }

  @Patch()
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'updateTaxSettings',
    example: { origin: { country: 'DE' }, crossBorder: 'destination', unverifiedVatIds: 'charge' },
    headers: ['ETag'],
    summary: 'Change how the shop taxes',
    description:
      'What is left out stays; `origin: null` takes the origin away. Carts follow within a second, in every process; orders ' +
      'keep what they were placed with. Reverse charge and export are known from the moment that there is an origin: a ' +
      'destination in another country of the EU with a valid VAT id of another country than the origin is charged the net, ' +
      'and so is one outside, unless a tax zone names its country with a rate.',
    answers: { 200: TaxSettingsDto },
    problems: [platformProblems.stale_version],
  })
  update(
    @CurrentActor() actor: Actor,
    @Body() body: TaxSettingsPatch,
    @IfMatch() version: number | null,
  ): Promise<TaxSettingsDto> {
    return this.settings.update(actor, body, version);
  }
}

import { Body, Controller, Delete, Get, Param, Post } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { TaxClassDto, TaxClassesDto } from './tax-class.dto.js';
import { TaxClassService } from './tax-class.service.js';

@Controller('v1/admin/tax-classes')
@ApiTags('Tax classes')
@Permissions('catalog:product:write')
export class TaxClassController {
  constructor(private readonly classes: TaxClassService) {}

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listTaxClasses',
    summary: 'Lists the tax classes',
    description: 'A product has one of these; the tax zones say which rate a class has where.',
    answers: { 200: TaxClassesDto },
  })
  async list(): Promise<TaxClassesDto> {
    return { items: await this.classes.list() };
  }

  @Post()
  @Operation({
    id: 'createTaxClass',
    summary: 'Makes a tax class',
    description: 'Until a tax zone has a rate for it, it is taxed like `standard` there.',
    answers: { 201: TaxClassDto },
    problems: [platformProblems.conflict],
    idempotency: 'accepted',
  })
  create(@Body() input: TaxClassDto, @CurrentActor() actor: Actor): Promise<TaxClassDto> {
    return this.classes.create(input, actor);
  }

  @Delete(':code')
  @ApiParam({ name: 'code', example: 'books' })
  @Operation({
    id: 'deleteTaxClass',
    summary: 'Deletes a tax class that no product has',
    description:
      'Rates of tax zones that name it stay and have no effect. 409 `catalog.tax_class_in_use` while a ' +
      'product has it, and always for `standard`.',
    answers: { 204: null },
    problems: [platformProblems.not_found, catalogProblems.tax_class_in_use],
  })
  async delete(@Param('code') code: string, @CurrentActor() actor: Actor): Promise<void> {
    await this.classes.delete(code, actor);
  }
}

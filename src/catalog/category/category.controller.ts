import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions, Public } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { ListOf } from '../../platform/http/fields.js';
import { Operation } from '../../platform/http/operation.js';
import { CachedPage } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { CategoryDto, CreateCategoryDto, UpdateCategoryDto } from './category.dto.js';
import { CategoryService } from './category.service.js';

class CategoryTreeDto {
  @ListOf(() => CategoryDto, {
    max: 10_000,
    description: 'Parents before their children; `parentId` makes the tree.',
  })
  items: CategoryDto[];
}

const { not_found, stale_version } = platformProblems;

@Controller('v1')
@ApiTags('categories')
export class CategoryController {
  constructor(private readonly categories: CategoryService) {}

  @Get('categories')
  @Public()
  @CachedPage()
  @Operation({
    id: 'listCategories',
    headers: ['ETag'],
    summary: 'Shows the tree of categories',
    answers: { 200: CategoryTreeDto },
    rawJson: true,
  })
  async list(): Promise<string> {
    return JSON.stringify({ items: await this.categories.all() });
  }

  @Get('categories/:idOrHandle')
  @Public()
  @CachedPage()
  @ApiParam({ name: 'idOrHandle', example: 'bags' })
  @Operation({
    id: 'getCategory',
    headers: ['ETag'],
    summary: 'Shows a category',
    answers: { 200: CategoryDto },
    problems: [not_found],
    rawJson: true,
  })
  async get(@Param('idOrHandle') key: string): Promise<string> {
    return JSON.stringify(await this.categories.find(key));
  }

  @Post('admin/categories')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'createCategory',
    summary: 'Makes a category',
    answers: { 201: CategoryDto },
    problems: [catalogProblems.handle_taken, catalogProblems.unknown_category],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateCategoryDto, @CurrentActor() actor: Actor): Promise<CategoryDto> {
    return this.categories.create(input, actor);
  }

  @Patch('admin/categories/:id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'updateCategory',
    example: { title: 'Tools for the garden', position: 2 },
    summary: 'Changes or moves a category',
    answers: { 200: CategoryDto },
    problems: [
      not_found,
      stale_version,
      catalogProblems.handle_taken,
      catalogProblems.unknown_category,
      catalogProblems.category_cycle,
    ],
  })
  update(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateCategoryDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<CategoryDto> {
    return this.categories.update(id, input, version, actor);
  }

  @Delete('admin/categories/:id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'deleteCategory',
    summary: 'Deletes an empty category',
    answers: { 204: null },
    problems: [not_found, stale_version, catalogProblems.category_in_use],
  })
  async delete(
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.categories.delete(id, version, actor);
  }
}

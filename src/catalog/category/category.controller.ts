import {
  Body,
  Controller,
  Delete,
  Get,
  Param,
  ParseUUIDPipe,
  Patch,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Permissions, Public } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { LocaleQuery } from '../../platform/http/fields.js';
import { Locales } from '../../platform/http/locales.js';
import { Operation } from '../../platform/http/operation.js';
import { CachedPage } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import {
  CategoryDto,
  CategoryTreeDto,
  CategoryTreeQuery,
  CreateCategoryDto,
  DeleteCategoryQuery,
  UpdateCategoryDto,
} from './category.dto.js';
import { mediaProblems } from '../media/media.errors.js';
import { CategoryService } from './category.service.js';

const { not_found, stale_version } = platformProblems;

@Controller('v1')
@ApiTags('Categories')
export class CategoryController {
  constructor(
    private readonly categories: CategoryService,
    private readonly locales: Locales,
  ) {}

  @Get('categories')
  @Public()
  @CachedPage()
  @Operation({
    id: 'listCategories',
    headers: ['ETag'],
    summary: 'Shows the tree of categories',
    description:
      'The whole tree as one flat list, parents before their children and siblings by `position`; ' +
      '`parentId` makes the tree. With `parent` only what stands below it; `depth=1` gives one level: the ' +
      'roots, or the children of `parent`. `hasProducts` tells which of them would lead to an empty list.\n\n' +
      'Send the `ETag` as `If-None-Match` and get 304 while nothing changed.',
    answers: { 200: CategoryTreeDto },
    problems: [not_found],
    rawJson: true,
  })
  list(
    @Query() query: CategoryTreeQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.categories.tree(query, this.locales.serve(request, reply, query.locale));
  }

  @Get('categories/:idOrHandle')
  @Public()
  @CachedPage()
  @ApiParam({ name: 'idOrHandle', example: 'bags' })
  @Operation({
    id: 'getCategory',
    headers: ['ETag'],
    summary: 'Shows a category',
    description:
      'By id or by handle, with the way from the root in `breadcrumbs` and what stands directly below it in ' +
      '`children`. Its products: `GET /v1/products?category={handle}`, with everything below it. ' +
      'Staff take `version`, not this `ETag`, for `If-Match`.',
    answers: { 200: CategoryDto },
    problems: [not_found],
    rawJson: true,
  })
  get(
    @Param('idOrHandle') key: string,
    @Query() { locale }: LocaleQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.categories.page(key, this.locales.serve(request, reply, locale));
  }

  @Post('admin/categories')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'createCategory',
    location: '/v1/categories/{id}',
    headers: ['ETag'],
    summary: 'Makes a category',
    description:
      'Below `parentId`, or as a root without one; `position` orders siblings, the lowest first. ' +
      'Products come in by `categories` of the product, which takes handles. The `ETag` of the answer is ' +
      'the first `version`.',
    answers: { 201: CategoryDto },
    problems: [catalogProblems.handle_taken, catalogProblems.unknown_category, mediaProblems.unknown_media],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateCategoryDto, @CurrentActor() actor: Actor): Promise<CategoryDto> {
    return this.categories.create(input, actor);
  }

  @Patch('admin/categories/:id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'updateCategory',
    headers: ['ETag'],
    example: { title: 'Tools for the garden', position: 2 },
    summary: 'Changes or moves a category',
    description:
      'What is left out stays. Another `parentId` moves the category with everything below it; 422 ' +
      '`catalog.category_cycle` when that would be below itself. Links that use the old handle end.',
    answers: { 200: CategoryDto },
    problems: [
      not_found,
      stale_version,
      catalogProblems.handle_taken,
      catalogProblems.unknown_category,
      catalogProblems.category_cycle,
      mediaProblems.unknown_media,
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
    summary: 'Deletes a category',
    description:
      'Only when no product and no category stands in it; else 409 `catalog.category_in_use` and nothing ' +
      'changes. With `moveTo`, the id of another category, its products and its categories with everything ' +
      'below them move there first, and all of it happens or nothing; 422 `catalog.category_cycle` when that ' +
      'one stands below it. `If-Match` takes the `version`.',
    answers: { 204: null },
    problems: [
      not_found,
      stale_version,
      catalogProblems.category_in_use,
      catalogProblems.category_cycle,
      catalogProblems.unknown_category,
    ],
  })
  async delete(
    @Param('id', ParseUUIDPipe) id: string,
    @Query() { moveTo }: DeleteCategoryQuery,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.categories.delete(id, moveTo ?? null, version, actor);
  }
}

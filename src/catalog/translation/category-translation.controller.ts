import { Body, Controller, Delete, Get, Param, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { TextsDto, TextsTranslationDto, TranslationParams } from './translation.dto.js';
import { translationProblems } from './translation.errors.js';
import { TranslationService } from './translation.service.js';

const { not_found, stale_version } = platformProblems;

@Controller('v1/admin/categories/:id/translations/:locale')
@ApiTags('Categories')
export class CategoryTranslationController {
  constructor(private readonly translations: TranslationService) {}

  @Put()
  @Permissions('catalog:product:write')
  @Operation({
    id: 'setCategoryTranslation',
    headers: ['ETag'],
    example: { title: 'Gartengeräte' },
    summary: 'Translates a category',
    description:
      'Title, description and SEO texts. Replaces what there was in this language; ' +
      'what is left out falls back to the next wider language (`de-AT`, `de`) and then to that of the shop. ' +
      'It shows at once to whoever asks by `locale` or `Accept-Language`. 422 for names that there are not.',
    answers: { 200: TextsTranslationDto },
    problems: [not_found, stale_version, translationProblems.odd_translation],
  })
  set(
    @Param() { id, locale }: TranslationParams,
    @Body() input: TextsDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<TextsTranslationDto> {
    return this.translations.put('category', id, locale, input, version, actor);
  }

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'getCategoryTranslation',
    headers: ['ETag'],
    summary: 'Shows a translation of a category',
    description: 'Only what is translated into exactly this language; 404 when nothing is.',
    answers: { 200: TextsTranslationDto },
    problems: [not_found],
  })
  get(@Param() { id, locale }: TranslationParams): Promise<TextsTranslationDto> {
    return this.translations.get('category', id, locale);
  }

  @Delete()
  @Permissions('catalog:product:write')
  @Operation({
    id: 'deleteCategoryTranslation',
    summary: 'Deletes a translation of a category',
    description: 'The shop falls back to the next wider language, or to its own.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async delete(
    @Param() { id, locale }: TranslationParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.translations.delete('category', id, locale, version, actor);
  }
}

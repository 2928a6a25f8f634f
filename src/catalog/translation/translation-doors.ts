import { Body, Controller, Delete, Get, Param, Put, type Type } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { shaped } from '../../platform/http/validation.js';
import type { TextsInput } from './texts.js';
import {
  ProductTextsDto,
  ProductTranslationDto,
  ProductTypeTextsDto,
  ProductTypeTranslationDto,
  type Subject,
  TextsDto,
  TextsTranslationDto,
  TranslationParams,
} from './translation.dto.js';
import { translationProblems } from './translation.errors.js';
import { TranslationService } from './translation.service.js';

const { not_found, stale_version } = platformProblems;

interface Translatable {
  subject: Subject;
  /** Below `/v1/admin`. */
  path: string;
  tag: string;
  /** In the ids of the operations, and in sentences. */
  name: string;
  called: string;
  texts: Type<TextsInput>;
  answer: Type;
  example: object;
  /** What can be translated. */
  what: string;
}

/** The three doors of the translations of one kind of thing. Kinds differ in what is translated, and in nothing else. */
function doorsOf({ subject, path, tag, name, called, texts, answer, example, what }: Translatable): Type {
  @Controller(`v1/admin/${path}/:id/translations/:locale`)
  @ApiTags(tag)
  class TranslationDoors {
    constructor(private readonly translations: TranslationService) {}

    @Put()
    @Permissions('catalog:product:write')
    @ApiBody({ type: texts })
    @Operation({
      id: `set${name}Translation`,
      headers: ['ETag'],
      example,
      summary: `Translates a ${called}`,
      description:
        `${what} Replaces what there was in this language; ` +
        'what is left out falls back to the next wider language (`de-AT`, `de`) and then to that of the shop. ' +
        'It shows at once to whoever asks by `locale` or `Accept-Language`. 422 for names that there are not.',
      answers: { 200: answer },
      problems: [not_found, stale_version, translationProblems.odd_translation],
    })
    async set(
      @Param() { id, locale }: TranslationParams,
      @Body() input: object,
      @IfMatch() version: number | null,
      @CurrentActor() actor: Actor,
    ): Promise<object> {
      return this.translations.put(subject, id, locale, await shaped(texts, input), version, actor);
    }

    @Get()
    @Permissions('catalog:product:read')
    @Operation({
      id: `get${name}Translation`,
      headers: ['ETag'],
      summary: `Shows a translation of a ${called}`,
      description: 'Only what is translated into exactly this language; 404 when nothing is.',
      answers: { 200: answer },
      problems: [not_found],
    })
    get(@Param() { id, locale }: TranslationParams): Promise<object> {
      return this.translations.get(subject, id, locale);
    }

    @Delete()
    @Permissions('catalog:product:write')
    @Operation({
      id: `delete${name}Translation`,
      summary: `Deletes a translation of a ${called}`,
      description: 'The shop falls back to the next wider language, or to its own.',
      answers: { 204: null },
      problems: [not_found, stale_version],
    })
    async delete(
      @Param() { id, locale }: TranslationParams,
      @IfMatch() version: number | null,
      @CurrentActor() actor: Actor,
    ): Promise<void> {
      await this.translations.delete(subject, id, locale, version, actor);
    }
  }
  return TranslationDoors;
}

export const TRANSLATION_DOORS = [
  doorsOf({
    ...{ subject: 'product', path: 'products', tag: 'Products', name: 'Product', called: 'product' },
    ...{ texts: ProductTextsDto, answer: ProductTranslationDto },
    example: {
      title: 'Leinentasche, groß',
      options: [{ option: 'Colour', name: 'Farbe', values: { Natural: 'Natur' } }],
    },
    what:
      'Title, description, SEO texts, and options with their values by the names that the product has for them; ' +
      'titles of variants that are made of their values follow.',
  }),
  doorsOf({
    ...{ subject: 'category', path: 'categories', tag: 'Categories', name: 'Category', called: 'category' },
    ...{ texts: TextsDto, answer: TextsTranslationDto },
    example: { title: 'Gartengeräte' },
    what: 'Title, description and SEO texts.',
  }),
  doorsOf({
    ...{ subject: 'collection', path: 'collections', tag: 'Collections' },
    ...{ name: 'Collection', called: 'collection', texts: TextsDto, answer: TextsTranslationDto },
    example: { title: 'Sommer' },
    what: 'Title and description.',
  }),
  doorsOf({
    ...{ subject: 'product_type', path: 'product-types', tag: 'Product types' },
    ...{ name: 'ProductType', called: 'product type' },
    ...{ texts: ProductTypeTextsDto, answer: ProductTypeTranslationDto },
    example: { attributes: [{ attribute: 'fabric', label: 'Stoff', options: { linen: 'Leinen' } }] },
    what: 'Labels of attributes and of the options of an `enum`: what facets and details say.',
  }),
];

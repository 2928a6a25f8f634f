import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { TranslationItemDto, TranslationQuery } from './translation.dto.js';
import { TranslationService } from './translation.service.js';

@Controller('v1/admin/translations')
@ApiTags('Translations')
export class TranslationController {
  constructor(
    private readonly translations: TranslationService,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listTranslations',
    summary: 'Lists what is translated',
    description:
      'By `subject`, `subjectId` or `locale`; the texts themselves are read at the thing that they are of.',
    answers: { 200: PageOf(TranslationItemDto) },
  })
  async list(@Query() query: TranslationQuery): Promise<Page<TranslationItemDto>> {
    const { subject = null, subjectId = null, locale = null, cursor, limit } = query;
    const name = `translations:${subject}:${subjectId}:${locale}`;
    const after = this.cursors.decode(name, cursor) as [string, string] | null;
    const rows = await this.translations.list({ subject, subjectId, locale }, after, limit + 1);
    return this.cursors.page(name, rows, limit, (row) => [row.subjectId, row.locale]);
  }
}

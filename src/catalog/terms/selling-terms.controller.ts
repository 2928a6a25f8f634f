import { Body, Controller, Get, Param, ParseUUIDPipe, Put, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Instant, Integer, Nested } from '../../platform/http/fields.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import type { SellingTerms } from './selling-terms.js';
import { SellingTermsService } from './selling-terms.service.js';

const MAX = 1_000_000;
const unset = { optional: true, nullable: true } as const;

export class PreorderTermsDto {
  @Instant({
    description: 'When it will be there: what is promised to whoever orders before.',
    example: '2027-03-01T00:00:00.000Z',
  })
  availableFrom: string;

  @Integer({ min: 1, max: MAX, description: 'Pieces that may be sold ahead.', example: 200 })
  limit: number;
}

export class SetSellingTermsDto {
  @Integer({
    min: 0,
    max: MAX,
    ...unset,
    description: 'So few pieces left in all locations are called low.',
    example: 5,
  })
  lowStockAt?: number | null;

  @Integer({ min: 1, max: 999, ...unset, description: 'Pieces in one order.', example: 4 })
  maxPerOrder?: number | null;

  @Integer({
    min: 1,
    max: MAX,
    ...unset,
    description: 'Pieces that one customer may buy in all, since it is set.',
    example: 10,
  })
  maxPerCustomer?: number | null;

  @Nested(() => PreorderTermsDto, { ...unset, description: 'Sold before it is there.' })
  preorder?: PreorderTermsDto | null;
}

export class SellingTermsDto {
  @Integer({ min: 0, max: MAX, nullable: true })
  lowStockAt: number | null;

  @Integer({ min: 1, max: 999, nullable: true })
  maxPerOrder: number | null;

  @Integer({ min: 1, max: MAX, nullable: true })
  maxPerCustomer: number | null;

  @Nested(() => PreorderTermsDto, { nullable: true })
  preorder: PreorderTermsDto | null;

  @Integer({ min: 0, max: 2 ** 31 - 1, description: 'Also the ETag; 0 when none were ever set.' })
  version: number;
}

const SET_TERMS = `
Replaces all of them; what is left out is unset.

- \`lowStockAt\`: when the last piece above it goes, the fact \`catalog.stock_low\` tells so; \`GET /v1/admin/stock?low=true\`
  lists what is low.
- \`maxPerOrder\`, \`maxPerCustomer\`: a cart that asks for more is not ready, and the checkout refuses it. A customer is known
  by the account and by the e-mail address; what was canceled or never paid counts no more.
- \`preorder\`: until \`availableFrom\` up to \`limit\` pieces more than lie there may be sold. Shoppers see the day in
  \`preorder\` of the variant, and a line that was sold so keeps it in \`promisedFor\`. From that day on it is an ordinary
  article. 409 \`catalog.stock_promised\` when more than \`limit\` were sold already; null ends it, and what was sold stays
  promised.
`.trim();

@Controller('v1/admin/variants/:id/terms')
@ApiTags('Stock')
export class SellingTermsController {
  constructor(private readonly terms: SellingTermsService) {}

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'getSellingTerms',
    headers: ['ETag'],
    summary: 'Shows how a variant is sold',
    description: 'How many to each, how many ahead, and from which number on it is called low.',
    answers: { 200: SellingTermsDto },
    problems: [platformProblems.not_found],
  })
  async get(
    @Param('id', ParseUUIDPipe) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SellingTermsDto> {
    return answer(await this.terms.get(id), reply);
  }

  @Put()
  @Permissions('catalog:product:write')
  @Operation({
    id: 'setSellingTerms',
    headers: ['ETag'],
    example: { lowStockAt: 5, maxPerOrder: 4, maxPerCustomer: 40 },
    summary: 'Says how a variant is sold',
    description: SET_TERMS,
    answers: { 200: SellingTermsDto },
    problems: [platformProblems.not_found, platformProblems.stale_version, catalogProblems.stock_promised],
  })
  async set(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: SetSellingTermsDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SellingTermsDto> {
    const { lowStockAt = null, maxPerOrder = null, maxPerCustomer = null, preorder = null } = input;
    const wanted = {
      lowStockAt,
      maxPerOrder,
      maxPerCustomer,
      preorder: preorder && { availableFrom: new Date(preorder.availableFrom), limit: preorder.limit },
    };
    return answer(await this.terms.set(id, wanted, version, actor), reply);
  }
}

function answer({ preorder, ...terms }: SellingTerms, reply: FastifyReply): SellingTermsDto {
  void reply.header('etag', etagOfVersion(terms.version));
  return {
    ...terms,
    preorder: preorder && { availableFrom: preorder.availableFrom.toISOString(), limit: preorder.limit },
  };
}

import { Body, Controller, Param, ParseUUIDPipe, Patch, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { bundleProblems } from '../bundle/bundle.errors.js';
import { catalogProblems } from '../catalog.errors.js';
import { mediaProblems } from '../media/media.errors.js';
import { AdminProductDto } from './admin-product.dto.js';
import { UpdateVariantDto, VariantInputDto } from './variant.dto.js';
import { VariantService } from './variant.service.js';

const { sku_taken, unknown_location, stock_untracked, compare_at_too_low, odd_options } = catalogProblems;
const { unknown_media } = mediaProblems;
const { not_found, stale_version } = platformProblems;

/** Variants of products that there are. */
@Controller('v1/admin')
@ApiTags('Products')
export class AdminVariantController {
  constructor(private readonly variants: VariantService) {}

  @Post('products/:id/variants')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'addVariant',
    example: {
      sku: 'TOTE-BLK',
      title: 'Black',
      options: { Colour: 'Black' },
      weightGrams: 320,
      prices: [{ amount: 1999, currency: 'EUR' }],
      stock: [{ location: 'main', onHand: 50 }],
    },
    headers: ['ETag'],
    summary: 'Adds a variant to a product',
    description:
      'With its prices (minor units) and stock at once; answers the whole product, the new variant among ' +
      'its `variants`. 409 `catalog.sku_taken` when another variant has the SKU.',
    answers: { 201: AdminProductDto },
    problems: [
      not_found,
      sku_taken,
      unknown_location,
      stock_untracked,
      compare_at_too_low,
      odd_options,
      unknown_media,
      bundleProblems.odd_kind,
    ],
    idempotency: 'accepted',
  })
  addVariant(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: VariantInputDto,
    @CurrentActor() actor: Actor,
  ): Promise<AdminProductDto> {
    return this.variants.addVariant(id, input, actor);
  }

  @Patch('variants/:id')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'updateVariant',
    headers: ['ETag'],
    summary: 'Changes a variant',
    description:
      '`If-Match` takes the version of the variant, `variants[].version` of its product; the `ETag` of the ' +
      'answer is the new one. Prices and stock have operations of their own.\n\n' +
      'One that is `retired` cannot be bought any more; carts that hold it are told by their readiness, ' +
      'and their checkout is refused. 409 `catalog.stock_promised` when a lower `backorderLimit` would ' +
      'break a promise.',
    answers: { 200: AdminProductDto },
    problems: [
      not_found,
      stale_version,
      sku_taken,
      catalogProblems.stock_promised,
      odd_options,
      unknown_media,
      bundleProblems.odd_bundle,
      bundleProblems.odd_kind,
      bundleProblems.variant_in_bundle,
    ],
  })
  async updateVariant(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateVariantDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdminProductDto> {
    const product = await this.variants.updateVariant(id, input, version, actor);
    // Of the variant and not of the product that is shown: the tag is for the next change under this address.
    const changed = product.variants.find((variant) => variant.id === id);
    void reply.header('etag', etagOfVersion(changed?.version ?? product.version));
    return product;
  }
}

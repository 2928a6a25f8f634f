import { Body, Controller, Delete, Param, Put, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { AdminProductDto } from '../product/admin-product.dto.js';
import { ProductReader } from '../product/product.reader.service.js';
import { BundleParams, SetComponentsDto } from './bundle.dto.js';
import { bundleProblems } from './bundle.errors.js';
import { BundleService } from './bundle.service.js';

const { not_found, stale_version } = platformProblems;

/** Bundles as staff put them together. */
@Controller('v1/admin/variants/:id/components')
@ApiTags('Products')
@Permissions('catalog:product:write')
export class BundleController {
  constructor(
    private readonly bundles: BundleService,
    private readonly reader: ProductReader,
  ) {}

  @Put()
  @Operation({
    id: 'setComponents',
    example: {
      components: [
        { variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e', quantity: 1 },
        { variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8f', quantity: 3 },
      ],
    },
    headers: ['ETag'],
    summary: 'Makes a variant a bundle',
    description:
      'Two to twenty other variants and how many of each one piece takes. The bundle keeps its own price and tax ' +
      'class; its stock is that of its parts: as many as they make are `available`, and selling it takes them. ' +
      'It replaces what it was made of before; orders keep the parts they were placed with, and name them on ' +
      'their lines for the packing slip. `If-Match` takes the version of the variant.\n\n' +
      'A part may be of a draft, so that it is sold in bundles alone, but neither retired nor a bundle (422 ' +
      '`catalog.odd_bundle`).',
    answers: { 200: AdminProductDto },
    problems: [not_found, stale_version, bundleProblems.odd_bundle],
  })
  async set(
    @Param() { id }: BundleParams,
    @Body() { components }: SetComponentsDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdminProductDto> {
    const { productId } = await this.bundles.setParts(id, components, version, actor);
    const product = await this.reader.admin(productId);
    const tag = product.variants.find((variant) => variant.id === id.toLowerCase())?.version;
    void reply.header('etag', etagOfVersion(tag ?? product.version));
    return product;
  }

  @Delete()
  @Operation({
    id: 'removeComponents',
    summary: 'Ends a bundle',
    description:
      'The variant is sold from its own stock again. Orders that were placed before still take what the bundle ' +
      'was made of. `If-Match` takes the version of the variant.',
    answers: { 204: null },
    problems: [not_found, stale_version],
  })
  async remove(
    @Param() { id }: BundleParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.bundles.setParts(id, [], version, actor);
  }
}

import { Injectable } from '@nestjs/common';
import { CatalogApi } from '../../catalog/catalog.api.js';
import type { OrderLine } from '../order/order.js';

/** `since` when it came, if that was after the order. */
export interface LineFile {
  id: string;
  name: string;
  bytes: number;
  since: Date | null;
}

/** The files that lines of orders give a right to. */
@Injectable()
export class SoldFiles {
  constructor(private readonly catalog: CatalogApi) {}

  /** What was sold with each line; where that was nothing yet, what is sold with it now. */
  async of(lines: readonly OrderLine[]): Promise<Map<string, LineFile[]>> {
    const isEmpty = ({ download }: OrderLine) => download !== null && download.files.length === 0;
    const late = await this.catalog.filesOf(lines.filter(isEmpty).map(({ variantId }) => variantId));
    return new Map(
      lines.map((line) => [
        line.id,
        isEmpty(line)
          ? late
              .filter(({ variantId }) => variantId === line.variantId)
              .map(({ createdAt: since, ...file }) => ({ ...file, since }))
          : (line.download?.files ?? []).map((file) => ({ ...file, since: null })),
      ]),
    );
  }
}

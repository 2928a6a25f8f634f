import type { Readable } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { ObjectStore } from '../../platform/files/object-store.port.js';
import { type DigitalFile, DigitalFileRepository, type SoldFile } from './digital-file.repository.js';
import { digitalKey } from './digital-file.service.js';

/** Files as they are handed out to whoever bought them. */
@Injectable()
export class DigitalFiles {
  private readonly log = new Logger('digital');

  constructor(
    private readonly files: DigitalFileRepository,
    private readonly store: ObjectStore,
  ) {}

  /** See `CatalogApi.filesOf`. */
  async soldWith(variantIds: readonly string[]): Promise<SoldFile[]> {
    return variantIds.length === 0 ? [] : this.files.soldWith(variantIds);
  }

  /** See `CatalogApi.openFile`. */
  async open(id: string): Promise<{ file: DigitalFile; bytes: Readable } | null> {
    const file = await this.files.find(id);
    if (!file) return null;
    const bytes = await this.store.get(digitalKey(id));
    if (bytes === null) this.log.error({ file: id }, 'a file is gone from the store of files');
    return bytes && { file, bytes };
  }
}

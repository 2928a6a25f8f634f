import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { CatalogApi, type DigitalFile } from '../../catalog/catalog.api.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';
import { downloadProblems } from './download.errors.js';
import { readLink } from './download-link.js';
import { DownloadUses } from './download-uses.service.js';

/** Opens the files of links, each use of which was counted. */
@Injectable()
export class DownloadService {
  private readonly key: Buffer;

  constructor(
    private readonly uses: DownloadUses,
    private readonly catalog: CatalogApi,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.key = config.key('downloads');
  }

  /** The file of a link, to be read or destroyed. The first use of a link counts; 404 for one that we did not make. */
  async open(token: string): Promise<{ file: DigitalFile; bytes: Readable }> {
    const link = readLink(token, this.key);
    if (link === null) throw platformProblems.not_found();
    if (link.expiresAt <= this.clock.now()) throw downloadProblems.download_refused('The link is too old.');
    const opened = await this.catalog.openFile(link.fileId);
    if (opened === null) throw platformProblems.not_found();
    try {
      await this.uses.count(link);
    } catch (error) {
      opened.bytes.destroy();
      throw error;
    }
    return opened;
  }
}

import { Injectable, Logger } from '@nestjs/common';
import { system } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { PersonalDataPage } from '../../platform/personal-data/personal-data.js';
import { SubjectKeys } from '../../platform/personal-data/subject-keys.js';
import { hashOf } from '../../platform/secret.js';
import { ExportRepository, type HeldExport, type Part } from './export.repository.js';
import { partPlace } from './export-runner.service.js';

export interface Download {
  /** The file, as it is read: memory holds one page. */
  text: AsyncGenerator<string>;
  /** To be told when the connection is over, and whether all of it left this process. */
  over(whole: boolean): Promise<void>;
}

/**
 * Hands a copy out, once. The link is used up before the last bytes leave, so no two downloads are ever whole; one that
 * breaks off gives it back. Whoever keeps a part of a file has had a part, and may fetch all of it within the day.
 */
@Injectable()
export class ExportDownloadService {
  private readonly log = new Logger('exports');

  constructor(
    private readonly database: Database,
    private readonly exports: ExportRepository,
    private readonly keys: SubjectKeys,
    private readonly audit: Audit,
  ) {}

  /** 404 when the link is unknown, used or too old, or somebody is using it at this moment. */
  async open(token: string): Promise<Download> {
    const holder = newId();
    const held = await this.exports.open(hashOf(token), holder);
    if (!held) throw platformProblems.not_found();
    return {
      text: this.write(held, holder),
      over: async (whole) => {
        try {
          await this.exports.letGo(held.id, holder, whole);
        } catch (error) {
          // Then the hold ends by itself; a link that was used up meanwhile stays so.
          this.log.warn({ err: error, exportId: held.id }, 'a link was not given back');
        }
      },
    };
  }

  private async *write(held: HeldExport, holder: string): AsyncGenerator<string> {
    yield `{"exportId":${JSON.stringify(held.id)},"requestedAt":${JSON.stringify(held.requestedAt)},"modules":{`;
    const at = { module: '', section: '', isEmpty: true };
    let part = await this.exports.nextPart(held.id, null);
    for (; part; part = await this.next(held, holder, part)) {
      const { section, rows } = await this.read(held, part);
      yield opening(at, part.module, section);
      if (at.module !== part.module || at.section !== section) at.isEmpty = true;
      const text = rows.map((row) => JSON.stringify(row)).join(',');
      yield at.isEmpty || text === '' ? text : `,${text}`;
      Object.assign(at, { module: part.module, section, isEmpty: at.isEmpty && text === '' });
    }
    await this.useUp(held.id, holder);
    yield `${at.module === '' ? '' : ']}'}}}\n`;
  }

  private async next({ id }: HeldExport, holder: string, part: Part): Promise<Part | null> {
    if (!(await this.exports.hold(id, holder))) throw new Error('another download has taken over');
    return this.exports.nextPart(id, part);
  }

  private async read(
    { id, subjectId }: HeldExport,
    { module, ordinal, sealed }: Part,
  ): Promise<PersonalDataPage> {
    const text = await this.keys.open(subjectId, partPlace(id, module, ordinal), sealed);
    if (text === null) throw new Error('the person was erased meanwhile');
    return JSON.parse(text) as PersonalDataPage;
  }

  private async useUp(id: string, holder: string): Promise<void> {
    await this.database.transaction(async () => {
      if (!(await this.exports.close(id, holder))) throw new Error('another download has taken over');
      this.audit.record({
        actor: system('identity.exports'),
        action: 'identity.export.downloaded',
        subjectType: 'export',
        subjectId: id,
      });
    });
  }
}

/** What stands between two pages: nothing when the section goes on. */
function opening(at: { module: string; section: string }, module: string, section: string): string {
  if (at.module !== module)
    return `${at.module === '' ? '' : ']},'}${JSON.stringify(module)}:{${JSON.stringify(section)}:[`;
  return at.section === section ? '' : `],${JSON.stringify(section)}:[`;
}

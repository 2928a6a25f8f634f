import { Injectable } from '@nestjs/common';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ErasureRepository, type ErasureRow } from './erasure.repository.js';
import type { ClosingDto, ErasureDto } from './privacy.dto.js';

/** Erasures as staff see them; of those that are finished nobody can tell any more whose they were. */
@Injectable()
export class ErasureReader {
  constructor(
    private readonly erasures: ErasureRepository,
    private readonly cursors: Cursors,
  ) {}

  async page(limit: number, cursor: string | undefined): Promise<Page<ErasureDto>> {
    const [after = null] = this.cursors.decode('erasures', cursor) ?? [];
    const rows = await this.erasures.list(after as string | null, limit + 1);
    const { items, nextCursor } = this.cursors.page('erasures', rows, limit, ({ id }) => [id]);
    return { items: items.map(shownErasure), nextCursor };
  }

  async get(id: string): Promise<ErasureDto> {
    const row = await this.erasures.find(id);
    if (!row) throw platformProblems.not_found();
    return shownErasure(row);
  }

  /** The latest of a customer, also when the customer is gone. */
  async latest(customerId: string): Promise<ErasureDto> {
    const row = await this.erasures.latest(customerId);
    if (!row || row.isGuest) throw platformProblems.not_found();
    return shownErasure(row);
  }
}

/** What the owner is told. */
export const shownClosing = ({ dueAt, hinderedBecause }: ErasureRow): ClosingDto => ({
  erasesAt: dueAt.toISOString(),
  hindrances: hinderedBecause,
});

export const shownErasure = (row: ErasureRow): ErasureDto => ({
  ...shownClosing(row),
  id: row.id,
  customerId: row.isGuest ? null : row.subjectId,
  state: stateOf(row),
  requestedAt: row.requestedAt.toISOString(),
  requestedBy: row.requestedBy === row.subjectId ? 'owner' : 'staff',
  reason: row.reason,
  finishedAt: row.finishedAt?.toISOString() ?? null,
});

function stateOf({ canceledAt, finishedAt, startedAt }: ErasureRow): string {
  if (finishedAt) return 'finished';
  if (canceledAt) return 'canceled';
  return startedAt ? 'running' : 'waiting';
}

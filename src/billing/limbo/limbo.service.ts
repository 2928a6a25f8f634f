import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { LimboDto, type LimboQuery } from './limbo.dto.js';
import { LimboRepository } from './limbo.repository.js';

/** Money in limbo, as staff read it. */
@Injectable()
export class Limbo {
  constructor(
    private readonly rows: LimboRepository,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  /** A page of it, the oldest first. 400 for a cursor of another list or filter. */
  async list({ kind, limit, cursor }: LimboQuery): Promise<Page<LimboDto>> {
    const list = `limbo ${kind ?? ''}`;
    const after = this.cursors.decode(list, cursor) as [string, string] | null;
    const now = this.clock.now();
    const rows = await this.rows.list(kind ?? null, now, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ since, id }) => [since.toISOString(), id]);
    return { ...page, items: page.items.map((row) => LimboDto.from(row, now)) };
  }
}

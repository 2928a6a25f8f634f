/**
 * What stock should do, in a hundred lines without a database: three kinds of counters per variant and location, and holds
 * of references. The rules are written down here a second time on purpose.
 */
export interface Row {
  id: string;
  variant: number;
  location: number;
  onHand: number;
  allocated: number;
  reserved: number;
  limit: number;
}

export interface Held {
  reference: number;
  row: string;
  quantity: number;
  shipped: number;
  state: 'held' | 'allocated' | 'expired';
  until: number;
}

export type Lines = { variant: number; quantity: number }[];

export type Move =
  | { kind: 'reserve'; reference: number; lines: Lines; minutes: number }
  | { kind: 'extend'; reference: number; minutes: number }
  | { kind: 'allocate' | 'release'; reference: number }
  | { kind: 'ship'; reference: number; lines: Lines }
  | { kind: 'received' | 'returned' | 'adjusted'; variant: number; location: number; quantity: number }
  | { kind: 'sweep'; rows: string[] | null };

/**
 * What a move answers: what it returned, or that it was refused and changed nothing. `misused`: more was to be held for a
 * reference at a place that has promised it pieces already, which no caller does.
 */
export type Outcome = 'done' | 'yes' | 'no' | 'refused' | 'misused';

class Misuse extends Error {}

export class StockModel {
  constructor(
    readonly rows: Row[],
    readonly holds: Held[] = [],
  ) {}

  copy(): StockModel {
    return new StockModel(
      this.rows.map((row) => ({ ...row })),
      this.holds.map((hold) => ({ ...hold })),
    );
  }

  /** What can be compared with the tables. */
  state(): string {
    const rows = this.rows.map((row) => `${row.id} ${row.onHand} ${row.allocated} ${row.reserved}`);
    const holds = this.holds.map((hold) =>
      [hold.reference, hold.row, hold.quantity, hold.shipped, hold.state].join(' '),
    );
    return [...rows.sort(), ...holds.sort()].join('\n');
  }

  /** Makes the move at this time; until: when its hold ends. */
  make(move: Move, now: number, until: number): Outcome {
    const before = this.copy();
    let outcome: Outcome;
    try {
      outcome = this.attempt(move, now, until);
    } catch (error) {
      if (!(error instanceof Misuse)) throw error;
      outcome = 'misused';
    }
    if (outcome === 'refused' || outcome === 'misused') {
      this.rows.splice(0, Infinity, ...before.rows);
      this.holds.splice(0, Infinity, ...before.holds);
    }
    return outcome;
  }

  private attempt(move: Move, now: number, until: number): Outcome {
    switch (move.kind) {
      case 'reserve':
        return this.reserve(move.reference, move.lines, now, until);
      case 'extend': {
        for (const hold of this.of(move.reference, 'held')) hold.until = Math.max(hold.until, until);
        const stands = this.of(move.reference, 'held', 'allocated').length > 0;
        return stands && this.of(move.reference, 'expired').length === 0 ? 'yes' : 'no';
      }
      case 'allocate':
        return this.allocate(move.reference, now);
      case 'release':
        for (const hold of this.of(move.reference, 'held', 'allocated')) {
          this.row(hold)[hold.state === 'held' ? 'reserved' : 'allocated'] -= hold.quantity - hold.shipped;
          this.drop(hold);
        }
        return 'done';
      case 'ship':
        return this.ship(move.reference, move.lines);
      case 'sweep':
        this.free(
          this.rows.filter(({ id }) => move.rows?.includes(id) ?? true),
          now,
        );
        return 'done';
      case 'received':
      case 'returned':
      case 'adjusted': {
        const row = this.rows.find((one) => one.variant === move.variant && one.location === move.location);
        if (!row) throw new Error('there is no such row');
        if (move.quantity < 0) this.free([row], now);
        row.onHand += move.quantity;
        return row.onHand < 0 || free(row) + row.limit < 0 ? 'refused' : 'done';
      }
    }
  }

  private reserve(reference: number, lines: Lines, now: number, until: number): Outcome {
    const rows = this.rows.filter(({ variant }) => lines.some((line) => line.variant === variant));
    if (this.missing(reference, lines).length > 0) {
      if (!this.take(reference, lines, until)) {
        this.free(rows, now);
        if (!this.take(reference, lines, until)) return 'refused';
      }
    } else for (const hold of this.of(reference, 'held')) hold.until = Math.max(hold.until, until);
    return 'done';
  }

  private allocate(reference: number, now: number): Outcome {
    const held = this.of(reference, 'held');
    if (this.of(reference, 'expired').length > 0) {
      const variants = this.of(reference, 'held', 'allocated', 'expired').map(
        (hold) => this.row(hold).variant,
      );
      this.free(
        this.rows.filter(({ variant }) => variants.includes(variant)),
        now,
      );
      // All that was lost, row by row in the order of their ids.
      const lost = this.of(reference, 'expired')
        .sort((a, b) => (a.row < b.row ? -1 : 1))
        .map((hold) => ({ variant: this.row(hold).variant, quantity: hold.quantity }));
      if (!this.take(reference, lost, now, true)) return 'no';
    } else if (held.length === 0) return this.of(reference, 'allocated').length > 0 ? 'yes' : 'no';
    for (const hold of this.of(reference, 'held')) {
      this.row(hold).reserved -= hold.quantity;
      this.row(hold).allocated += hold.quantity;
      hold.state = 'allocated';
    }
    return 'yes';
  }

  private ship(reference: number, lines: Lines): Outcome {
    const promised = this.of(reference, 'allocated').sort((a, b) => (a.row < b.row ? -1 : 1));
    for (const { variant, quantity } of lines) {
      let left = quantity;
      for (const hold of promised.filter((one) => this.row(one).variant === variant)) {
        const part = Math.min(left, hold.quantity - hold.shipped);
        left -= part;
        hold.shipped += part;
        this.row(hold).onHand -= part;
        this.row(hold).allocated -= part;
      }
      if (left > 0) return 'refused';
    }
    return this.rows.some(({ onHand }) => onHand < 0) ? 'refused' : 'done';
  }

  /** What the reference does not hold yet of these lines. */
  private missing(reference: number, lines: Lines): Lines {
    const own = this.of(reference, 'held', 'allocated');
    return lines.flatMap(({ variant, quantity }) => {
      const mine = own.filter((hold) => this.row(hold).variant === variant);
      const left = quantity - mine.reduce((sum, hold) => sum + hold.quantity, 0);
      return left > 0 ? [{ variant, quantity: left }] : [];
    });
  }

  /** Holds what is missing, or nothing at all: whole from the first location that has it, else in parts. */
  private take(reference: number, lines: Lines, until: number, all = false): boolean {
    const tried = this.copy();
    const wanted = all ? lines : this.missing(reference, lines);
    const taken = new Map<string, number>();
    for (const { variant, quantity } of wanted) {
      const places = tried.rows
        .filter((row) => row.variant === variant)
        .sort((a, b) => a.location - b.location);
      const there = (row: Row) => Math.max(free(row), 0);
      const beyond = (row: Row) => Math.max(free(row) + row.limit, 0);
      const sum = (has: (row: Row) => number) => places.reduce((total, row) => total + has(row), 0);
      if (sum(beyond) < quantity) return false;
      const has = sum(there) >= quantity ? there : beyond;
      const whole = places.find((row) => has(row) >= quantity);
      let left = quantity;
      const give = (row: Row, most: number) => {
        const part = Math.min(left, most);
        row.reserved += part;
        left -= part;
        if (part > 0) taken.set(row.id, (taken.get(row.id) ?? 0) + part);
      };
      if (whole) give(whole, quantity);
      for (const way of [there, beyond]) for (const row of places) give(row, way(row));
    }
    for (const hold of this.of(reference, 'expired')) this.drop(hold);
    for (const hold of this.of(reference, 'held')) hold.until = Math.max(hold.until, until);
    if (this.of(reference, 'allocated').some(({ row }) => taken.has(row))) throw new Misuse();
    for (const [id, quantity] of taken) {
      const present = this.of(reference, 'held').find(({ row }) => row === id);
      if (present) present.quantity += quantity;
      else this.holds.push({ reference, row: id, quantity, shipped: 0, state: 'held', until });
      this.row({ row: id }).reserved += quantity;
    }
    return true;
  }

  private free(rows: Row[], now: number): void {
    for (const hold of this.holds) {
      if (hold.state !== 'held' || hold.until > now || !rows.some(({ id }) => id === hold.row)) continue;
      hold.state = 'expired';
      this.row(hold).reserved -= hold.quantity;
    }
  }

  private of(reference: number, ...states: Held['state'][]): Held[] {
    return this.holds.filter((hold) => hold.reference === reference && states.includes(hold.state));
  }

  private row({ row }: { row: string }): Row {
    const found = this.rows.find(({ id }) => id === row);
    if (!found) throw new Error('there is no such row');
    return found;
  }

  private drop(hold: Held): void {
    this.holds.splice(this.holds.indexOf(hold), 1);
  }
}

const free = ({ onHand, allocated, reserved }: Row): number => onHand - allocated - reserved;

import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { CatalogApi } from '../src/catalog/catalog.api.js';
import { StockService } from '../src/catalog/stock/stock.service.js';
import { system } from '../src/platform/access/actor.js';
import { Problem } from '../src/platform/http/problem.js';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';
import { type Held, type Move, type Outcome, type Row, StockModel } from './support/stock-model.js';

/** How many histories are tried; a night may try thousands. */
const RUNS = Number(process.env.STOCK_RUNS ?? 8);
const LOCATIONS = ['main', 'east', 'west'];
const MINUTE = 60_000;

describe('stock', () => {
  let app: TestApp;
  let token: string;
  let killer: pg.Client;

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    for (const [index, code] of LOCATIONS.entries()) {
      if (code === 'main') continue;
      const made = await app.post(
        '/v1/admin/locations',
        { code, name: code, priority: index * 10 },
        { token },
      );
      expect(made.status).toBe(201);
    }
    killer = new pg.Client({ connectionString: app.config.databaseUrl ?? '' });
    await killer.connect();
  });
  afterAll(async () => {
    await killer?.end();
    await app?.close();
  });

  describe('its counters', () => {
    const quantity = fc.integer({ min: 1, max: 6 });
    const variant = fc.integer({ min: 0, max: 1 });
    const location = fc.integer({ min: 0, max: 2 });
    const reference = fc.integer({ min: 0, max: 4 });
    const minutes = fc.integer({ min: 1, max: 10 });
    const lines = fc.uniqueArray(fc.record({ variant, quantity }), {
      minLength: 1,
      maxLength: 2,
      selector: (line) => line.variant,
    });
    const move: fc.Arbitrary<Move> = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('reserve' as const), reference, lines, minutes }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('extend' as const), reference, minutes }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('allocate' as const), reference }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), reference }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('ship' as const), reference, lines }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constantFrom('received' as const, 'returned' as const),
          variant,
          location,
          quantity,
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('adjusted' as const),
          variant,
          location,
          quantity: fc.oneof(fc.integer({ min: -6, max: -1 }), quantity),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const), rows: fc.constant(null) }) },
    );
    /** How it ends: on its own, by an error of ours after the last statement, or because somebody cuts the connection. */
    const fate = fc.oneof(
      { weight: 8, arbitrary: fc.constant('lives' as const) },
      { weight: 1, arbitrary: fc.constant('aborts' as const) },
      { weight: 1, arbitrary: fc.constant('is cut at the end' as const) },
      { weight: 1, arbitrary: fc.constant('is cut in the middle' as const) },
    );
    const step = fc.oneof(
      { weight: 1, arbitrary: fc.record({ wait: minutes }) },
      {
        weight: 5,
        arbitrary: fc.record({ moves: fc.array(fc.record({ move, fate }), { minLength: 1, maxLength: 1 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ moves: fc.array(fc.record({ move, fate }), { minLength: 2, maxLength: 4 }) }),
      },
    );

    it('are what a model says after any history of moves, crashes and rivals', async () => {
      const seen = { moves: 0, refused: 0, crashed: 0, together: 0 };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 45 }), async (steps) => {
          const world = await newWorld();
          let model = new StockModel(await rowsOf(world));
          for (const one of steps) {
            if ('wait' in one) {
              app.clock.advance({ minutes: one.wait });
              continue;
            }
            const moves = oneByReference(one.moves);
            const now = app.clock.now().getTime();
            const done = await Promise.all(moves.map(({ move, fate }) => run(world, move, fate, now)));
            const found = await stateOf(world);
            const explained = explain(
              model,
              moves.map(({ move }) => move),
              done,
              now,
              found,
            );
            if (explained === null)
              throw new Error(
                `nothing explains ${JSON.stringify({ moves, done })}\n${model.state()}\n->\n${found}`,
              );
            model = explained;
            expect(await drift()).toEqual([]);
            seen.moves += moves.length;
            seen.refused += done.filter((outcome) => outcome === 'refused').length;
            seen.crashed += done.filter((outcome) => outcome === 'crashed' || outcome === 'lost').length;
            if (moves.length > 1) seen.together += moves.length;
          }
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
      if (process.env.STOCK_RUNS) process.stderr.write(`${RUNS} histories: ${JSON.stringify(seen)}\n`);
      for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS);
    }, 3_600_000);

    interface World {
      variants: string[];
      references: string[];
    }

    async function newWorld(): Promise<World> {
      const prices = [{ amount: 100, currency: 'EUR' }];
      const stock = LOCATIONS.map((code, index) => ({ location: code, onHand: index * 2 + 1 }));
      const { variants } = await given.product(app, token, {
        options: [{ name: 'Size', values: ['S', 'L'] }],
        variants: [
          { sku: randomUUID(), options: { Size: 'S' }, prices, stock },
          { sku: randomUUID(), options: { Size: 'L' }, prices, stock, backorderLimit: 4 },
        ],
      });
      return {
        variants: variants.map(({ id }) => id),
        references: Array.from({ length: 5 }, () => randomUUID()),
      };
    }

    /** Only what the callers see to: two at once for one order never happen, they hold its lock. */
    function oneByReference<T extends { move: Move }>(moves: T[]): T[] {
      const key = ({ move }: T) => ('reference' in move ? move.reference : null);
      return moves.filter(
        (one, index) => key(one) === null || moves.findIndex((other) => key(other) === key(one)) === index,
      );
    }

    /** `lost`: the connection was cut, and nobody can say whether before or after the commit. */
    async function run(
      world: World,
      move: Move,
      fate: string,
      now: number,
    ): Promise<Outcome | 'crashed' | 'lost'> {
      if (move.kind === 'sweep') {
        await app.run('catalog.free_expired_holds');
        return 'done';
      }
      const crash = new Error('the power went');
      try {
        return await app.database.transaction(async () => {
          const [{ pid } = { pid: 0 }] = await app.database.query<{ pid: number }>(
            'SELECT pg_backend_pid() AS pid',
          );
          const cut = () => killer.query('SELECT pg_terminate_backend($1)', [pid]);
          if (fate === 'is cut in the middle') {
            const [outcome] = await Promise.all([make(world, move, now), cut()]);
            return outcome;
          }
          const outcome = await make(world, move, now);
          if (fate === 'is cut at the end') await cut();
          if (fate === 'aborts') throw crash;
          return outcome;
        });
      } catch (error) {
        if (error === crash) return 'crashed';
        if (error instanceof Problem && /out_of_stock|stock_promised/.test(error.code)) return 'refused';
        if (/has changed under its lock/.test(String(error))) return 'misused';
        if (fate.startsWith('is cut')) return 'lost';
        throw error;
      }
    }

    async function make({ variants, references }: World, move: Move, now: number): Promise<Outcome> {
      const api = app.app.get(CatalogApi);
      const reference = 'reference' in move ? (references[move.reference] ?? '') : '';
      const named = (wanted: { variant: number; quantity: number }[]) =>
        wanted.map((line) => ({ variantId: variants[line.variant] ?? '', quantity: line.quantity }));
      const until = () => new Date(now + ('minutes' in move ? move.minutes : 0) * MINUTE);
      switch (move.kind) {
        case 'reserve':
          await api.reserve(reference, named(move.lines), until());
          return 'done';
        case 'extend':
          return (await api.extendReservation(reference, until())) ? 'yes' : 'no';
        case 'allocate':
          return (await api.allocate(reference)) ? 'yes' : 'no';
        case 'release':
          await api.release(reference);
          return 'done';
        case 'ship':
          await api.ship(reference, named(move.lines));
          return 'done';
        case 'sweep':
          throw new Error('a sweep has transactions of its own');
        case 'received':
        case 'returned':
        case 'adjusted':
          await app.app.get(StockService).change(
            [
              {
                variantId: variants[move.variant] ?? '',
                location: LOCATIONS[move.location] ?? '',
                kind: move.kind,
                quantity: move.quantity,
                reason: move.kind === 'adjusted' ? 'counted' : null,
              },
            ],
            system('test'),
          );
          return 'done';
      }
    }

    /** The model after some order of the moves that gives these answers and this state; null when there is none. */
    function explain(
      model: StockModel,
      moves: Move[],
      done: (Outcome | 'crashed' | 'lost')[],
      now: number,
      found: string,
    ): StockModel | null {
      const left = moves.flatMap((move, index) => {
        const outcome = done[index];
        if (outcome === 'crashed' || outcome === undefined) return [];
        // It goes round again, and leaves alone what somebody has locked.
        return (move.kind === 'sweep' && moves.length > 1 ? [move, move] : [move]).map((one) => ({
          move: one,
          outcome,
        }));
      });
      const search = (state: StockModel, rest: typeof left): StockModel | null => {
        if (rest.length === 0) return state.state() === found ? state : null;
        for (const [index, { move, outcome }] of rest.entries()) {
          const others = rest.filter((_, at) => at !== index);
          if (outcome === 'lost') {
            const without = search(state, others);
            if (without) return without;
          }
          for (const choice of choices(state, move, moves.length > 1, now)) {
            const next = state.copy();
            const until = now + ('minutes' in move ? move.minutes : 0) * MINUTE;
            const answer = next.make(choice, now, until);
            if (outcome !== 'lost' && answer !== outcome) continue;
            const end = search(next, others);
            if (end) return end;
          }
        }
        return null;
      };
      return search(model, left);
    }

    function choices(state: StockModel, move: Move, together: boolean, now: number): Move[] {
      if (move.kind !== 'sweep' || !together) return [move];
      const rows = new Set(
        state.holds.filter((hold) => hold.state === 'held' && hold.until <= now).map(({ row }) => row),
      );
      const subsets = [...rows].reduce<string[][]>(
        (all, row) => [...all, ...all.map((some) => [...some, row])],
        [[]],
      );
      return subsets.map((some) => ({ kind: 'sweep', rows: some }));
    }

    async function rowsOf({ variants }: World): Promise<Row[]> {
      const rows = await app.database.query<
        Omit<Row, 'variant' | 'location'> & { variantId: string; code: string }
      >(
        `SELECT s.id, s.variant_id AS "variantId", l.code, s.on_hand AS "onHand", s.allocated, s.reserved,
           s.backorder_limit AS limit
         FROM catalog.stock s JOIN catalog.locations l ON l.id = s.location_id WHERE s.variant_id = ANY ($1)`,
        [variants],
      );
      return rows.map(({ variantId, code, ...row }) => ({
        ...row,
        variant: variants.indexOf(variantId),
        location: LOCATIONS.indexOf(code),
      }));
    }

    async function stateOf(world: World): Promise<string> {
      const holds = await app.database.query<Omit<Held, 'reference' | 'until'> & { reference: string }>(
        `SELECT reference, stock_id AS row, quantity, shipped, state FROM catalog.reservations
         WHERE reference = ANY ($1) AND state <> 'released'`,
        [world.references],
      );
      return new StockModel(
        await rowsOf(world),
        holds.map((hold) => ({ ...hold, until: 0, reference: world.references.indexOf(hold.reference) })),
      ).state();
    }

    /** Rows whose counters are not the sum of what happened to them, or that are oversold. */
    const drift = () => app.database.query(DRIFT);
  });
});

const DRIFT = `
  SELECT s.id FROM catalog.stock s
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(CASE kind WHEN 'shipped' THEN -quantity WHEN 'allocated' THEN 0 WHEN 'released' THEN 0 ELSE quantity END), 0) AS on_hand,
      coalesce(sum(CASE kind WHEN 'allocated' THEN quantity WHEN 'released' THEN -quantity WHEN 'shipped' THEN -quantity ELSE 0 END), 0) AS allocated
    FROM catalog.stock_movements m WHERE m.stock_id = s.id
  ) m
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(quantity) FILTER (WHERE state = 'held'), 0) AS reserved,
      coalesce(sum(quantity - shipped) FILTER (WHERE state = 'allocated'), 0) AS promised
    FROM catalog.reservations r WHERE r.stock_id = s.id
  ) r
  WHERE s.on_hand <> m.on_hand OR s.allocated <> m.allocated OR s.reserved <> r.reserved OR s.allocated <> r.promised
    OR s.on_hand < 0 OR s.on_hand + s.backorder_limit < s.allocated + s.reserved`;

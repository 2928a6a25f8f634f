import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cyclicCaller, read, sharedShapes, violations, type Files } from './rules.js';
import { MODULES, SCHEMAS } from './table.js';

const ROOT = resolve(import.meta.dirname, '../..');
const load = (folder: string): [string, string][] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => [
      `${folder}/${name.replaceAll('\\', '/')}`,
      readFileSync(join(ROOT, folder, name), 'utf8'),
    ]);
const foldersOf = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

describe('the code base', () => {
  const files: Files = new Map([...load('src'), ...load('migrations')]);

  it('has exactly the folders of the table', () => {
    const expected = [...Object.keys(MODULES), 'platform'].sort();
    expect(foldersOf('src')).toEqual(expected);
    expect(foldersOf('migrations')).toEqual(expected);
    expect(Object.keys(SCHEMAS).sort()).toEqual(expected);
  });

  it('calls in one direction only', () => {
    expect(cyclicCaller()).toBeUndefined();
  });

  it('keeps every rule', () => {
    expect(violations(files)).toEqual([]);
    expect(sharedShapes(files)).toEqual([]);
  });
});

describe('the rules', () => {
  it.each([
    ['a static import', `import { A } from '../x.js';`],
    ['an import for its effect', `import '../x.js';`],
    ['a type import', `import type { A } from '../x.js';`],
    ['an inline type import', `let a: import('../x.js').A;`],
    ['a dynamic import', `await import('../x.js');`],
    ['a re-export', `export { A } from '../x.js';`],
  ])('see %s', (_name, text) => {
    expect(read('src/a/b/c.ts', text).imports).toEqual(['../x.js']);
  });

  it('see two shapes of one name', () => {
    const [one, other] = ['export class PartDto {}', 'export class PartDto extends WholeDto {}'];
    expect(sharedShapes(new Map(Object.entries({ 'src/a.ts': one, 'src/b.ts': other })))).toEqual([
      'PartDto: src/a.ts, src/b.ts',
    ]);
  });

  it('see a cycle of calls', () => {
    const modules = { a: { calls: ['b'], hears: [] }, b: { calls: ['c'], hears: [] } };
    expect(cyclicCaller({ ...modules, c: { calls: [], hears: ['a'] } })).toBeUndefined();
    expect(cyclicCaller({ ...modules, c: { calls: ['a'], hears: [] } })).toBe('a');
  });

  const cart = 'src/ordering/cart/cart';
  it.each([
    ['a deep import', `${cart}.service.ts`, `import { P } from '../../catalog/stock/stock.service.js'`],
    [
      'a deep type import',
      `${cart}.service.ts`,
      `import type { P } from '../../catalog/product/product.dto.js'`,
    ],
    ['a deep dynamic import', `${cart}.service.ts`, `await import('../../catalog/stock/stock.service.js')`],
    ['a deep import type', `${cart}.ts`, `let p: import('../../catalog/stock/stock.service.js').P`],
    ['a deep re-export', `${cart}.ts`, `export * from '../../catalog/catalog.errors.js'`],
    [
      'a door that only looks like one',
      `${cart}.ts`,
      `import { P } from '../../catalog/stock/catalog.api.js'`,
    ],
    [
      'an undeclared call',
      'src/catalog/stock/stock.service.ts',
      `import { A } from '../../ordering/ordering.api.js'`,
    ],
    [
      'an undeclared type of a call',
      'src/billing/refund/refund.ts',
      `import type { A } from '../../catalog/catalog.api.js'`,
    ],
    [
      'undeclared listening',
      'src/identity/a.subscribers.ts',
      `import { A } from '../ordering/ordering.events.js'`,
    ],
    [
      'listening outside subscribers',
      `${cart}.service.ts`,
      `import { A } from '../../billing/billing.events.js'`,
    ],
    ['wiring in a service', `${cart}.service.ts`, `import { A } from '../../catalog/catalog.module.js'`],
    [
      'wiring without a call',
      'src/catalog/catalog.module.ts',
      `import { A } from '../billing/billing.module.js'`,
    ],
    [
      'platform knowing a module',
      'src/platform/http/x.ts',
      `import { A } from '../../catalog/catalog.api.js'`,
    ],
    ['main knowing a module', 'src/main.ts', `import { A } from './catalog/catalog.module.js'`],
    [
      'the app knowing more than modules',
      'src/app.module.ts',
      `import { A } from './catalog/catalog.api.js'`,
    ],
    ['a test in the product', `${cart}.ts`, `import { A } from '../../../test/support/app.js'`],
    ['an import without .js', `${cart}.ts`, `import { A } from './totals'`],
    [
      '@InjectRepository',
      `${cart}.repository.ts`,
      `class A { constructor(@InjectRepository(Cart) a: B) {} }`,
    ],
    ['the data source', `${cart}.repository.ts`, `class A { constructor(private source: DataSource) {} }`],
    ['an entity manager', 'src/platform/audit/audit.ts', `import type { EntityManager } from 'typeorm'`],
    ['getRepository', `${cart}.repository.ts`, `source.getRepository(Cart)`],
    ['a connection of its own', `${cart}.repository.ts`, `import { Pool } from 'pg'`],
    ['a query in a service', `${cart}.service.ts`, `this.database.query('SELECT 1')`],
    ['a typed query in a job', `${cart}.jobs.ts`, `this.database.query<{ n: number }>('SELECT 1')`],
    ['a query over two lines', `${cart}.service.ts`, `this.database\n  .query('SELECT 1')`],
    ['a statement in a subscriber', `${cart}.subscribers.ts`, `this.database.execute('SELECT 1')`],
    ['a TypeORM repository in a service', `${cart}.service.ts`, `this.database.repository(Cart)`],
    ['a controller with a repository', `${cart}.controller.ts`, `import { R } from './cart.repository.js'`],
    ['an entity with a service', `${cart}.entity.ts`, `import { S } from './cart.service.js'`],
    ['an entity with a controller', `${cart}.entity.ts`, `import { S } from './cart.controller.js'`],
    ['an entity with a repository', `${cart}.entity.ts`, `import type { S } from './cart.repository.js'`],
    [
      'events with an entity',
      'src/ordering/ordering.events.ts',
      `import { O } from './order/order.entity.js'`,
    ],
    ['events with a package', 'src/ordering/ordering.events.ts', `import { O } from '@nestjs/common'`],
    [
      'a foreign schema in an entity',
      `${cart}.entity.ts`,
      `@Entity({ schema: 'catalog', name: 'products' }) class A {}`,
    ],
    ['a foreign schema in a query', `${cart}.repository.ts`, 'sql(`SELECT * FROM catalog.products`)'],
    [
      'a foreign schema after a comma',
      `${cart}.repository.ts`,
      'sql(`SELECT 1 FROM ordering.carts c, catalog.products p`)',
    ],
    ['a foreign schema in quotes', `${cart}.repository.ts`, `sql('SELECT 1 FROM "billing"."payments"')`],
    ['a foreign schema of the platform', `${cart}.repository.ts`, `sql('DELETE FROM platform.events')`],
    ['a module schema in the platform', 'src/platform/events/x.ts', `sql('SELECT 1 FROM ordering.orders')`],
    ['a foreign key over schemas', 'migrations/ordering/1-x.ts', `sql('REFERENCES identity.people (id)')`],
    [
      'a migration of a foreign schema',
      'migrations/ordering/1-x.ts',
      `sql('ALTER TABLE catalog.products ADD a int')`,
    ],
    ['the creation of a foreign schema', 'migrations/ordering/1-x.ts', `sql('CREATE SCHEMA catalog')`],
    ['forwardRef', 'src/ordering/ordering.module.ts', `forwardRef(() => X)`],
    ['a global module', 'src/platform/x.module.ts', `@Global() class A {}`],
    ['request scope', `${cart}.service.ts`, `@Injectable({ scope: Scope.REQUEST }) class A {}`],
    ['the environment', `${cart}.service.ts`, `process.env.X`],
    ['the environment by import', `${cart}.service.ts`, `import { env } from 'node:process'`],
    ['the time', `${cart}.service.ts`, `new Date()`],
    ['the time without parentheses', `${cart}.service.ts`, `const a = new Date;`],
    ['the time in numbers', 'src/platform/http/x.ts', `Date.now()`],
    ['the time as a function', 'src/platform/http/x.ts', `const now = Date.now;`],
    ['a barrel', 'src/ordering/cart/index.ts', `export * from './cart.js'`],
    ['a drawer', 'src/ordering/utils/a.ts', ``],
    ['a deeper drawer', 'src/platform/http/helpers/a.ts', ``],
  ])('refuse %s', (_name, path, text) => {
    const found = violations(new Map([[path, text]]));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`${path}: `);
  });

  it.each([
    ['a declared call', `${cart}.service.ts`, `import { A } from '../../catalog/catalog.api.js'`],
    [
      'declared listening',
      'src/billing/x.subscribers.ts',
      `import { A } from '../ordering/ordering.events.js'`,
    ],
    ['its own events anywhere', `${cart}.service.ts`, `import { A } from '../ordering.events.js'`],
    [
      'wiring what is called',
      'src/ordering/ordering.module.ts',
      `import { A } from '../catalog/catalog.module.js'`,
    ],
    ['the app to wire', 'src/app.module.ts', `import { A } from './catalog/catalog.module.js'`],
    [
      'the platform to everybody',
      `${cart}.service.ts`,
      `import { A } from '../../platform/database/database.js'`,
    ],
    [
      'money in an event',
      'src/ordering/ordering.events.ts',
      `import type { A } from '../platform/money/money.js'`,
    ],
    [
      'the base class of events',
      'src/ordering/ordering.events.ts',
      `import { A } from '../platform/events/event.js'`,
    ],
    [
      'a query in a repository',
      `${cart}.repository.ts`,
      `this.database.query<A>('SELECT 1 FROM ordering.carts')`,
    ],
    ['a transaction in a service', `${cart}.service.ts`, `this.database.transaction(async () => {})`],
    [
      'a query in the platform',
      'src/platform/events/x.ts',
      `this.database.query('SELECT 1 FROM platform.events')`,
    ],
    [
      'the connection in platform/database',
      'src/platform/database/x.ts',
      `import { DataSource } from 'typeorm'`,
    ],
    ['a foreign key in the schema', 'migrations/ordering/1-x.ts', `sql('REFERENCES ordering.orders (id)')`],
    ['an extension', 'migrations/catalog/1-x.ts', `sql('CREATE EXTENSION pg_trgm SCHEMA public')`],
    ['the name of an event', `${cart}.repository.ts`, `const type = 'catalog.stock_changed';`],
    ['a date from a value', `${cart}.service.ts`, `new Date(row.created_at)`],
    ['the clock to read the time', 'src/platform/clock.ts', `new Date(); Date.now();`],
    ['the configuration to read', 'src/platform/config.ts', `process.env.PORT`],
    ['the starter to read', 'src/platform/start/run.mjs', `process.env.PORT`],
    [
      'a comment about anything',
      `${cart}.service.ts`,
      `// new Date() FROM catalog.products forwardRef(\nconst a = 1;`,
    ],
  ])('allow %s', (_name, path, text) => {
    expect(violations(new Map([[path, text]]))).toEqual([]);
  });
});

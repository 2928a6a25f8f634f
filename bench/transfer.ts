import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { type Running, startProduct } from './processes.js';

/**
 * Whether files with products survive the way through the shop and back, how fast it is and how much memory it takes:
 *
 *     npm run transfer -- <files .ndjson or .csv …> [--made 200000]
 *
 * Each file is imported into an empty shop, exported in its own format, imported again (nothing may change), exported
 * again (the same to the byte), and imported into a second empty shop, whose export must be the same too. `--made`
 * writes a file of so many products first.
 */
const ADMIN = { email: 'bench@shop.test', password: 'the keeper of all the benches' };
/** A long job says how far it is. */
const TELL_MS = 20_000;
const UNDER_WAY = ['pending', 'running'];

interface Job {
  id: string;
  state: string;
  format: string;
  failure: string | null;
  counts: Record<string, number>;
  ignoredColumns?: string[];
}

/** A shop of its own, empty, with its own database. */
class Shop {
  private constructor(
    private readonly running: Running,
    private readonly folder: string,
    private token: string,
  ) {}

  static async open(): Promise<Shop> {
    const folder = mkdtempSync(join(tmpdir(), 'guildhall-transfer-'));
    const { email, password } = ADMIN;
    const running = await startProduct({ DATA_DIR: folder, ADMIN_EMAIL: email, ADMIN_PASSWORD: password });
    return new Shop(running, folder, await signIn(running.url));
  }

  async import(file: string): Promise<Job> {
    const type = file.endsWith('.csv') ? 'text/csv' : 'application/x-ndjson';
    const body = Readable.toWeb(createReadStream(file)) as ReadableStream;
    return this.wait('imports', { method: 'POST', body, duplex: 'half' } as RequestInit, type);
  }

  /** Writes the file of an export; all products, so that two shops can be compared. */
  async export(format: string, to: string): Promise<Job> {
    const job = await this.wait(
      'exports',
      { method: 'POST', body: JSON.stringify({ format }) },
      'application/json',
    );
    const answer = await this.ask(`exports/${job.id}/file`, {});
    if (!answer.body) throw new Error('the export has no file');
    const out = createWriteStream(to);
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
      if (!out.write(chunk)) await once(out, 'drain');
    out.end();
    await once(out, 'finish');
    return job;
  }

  /** Resident memory of the process in MB. */
  get memory(): number {
    const [, kilobytes = '0'] =
      /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.running.pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  }

  async close(): Promise<void> {
    await this.running.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async wait(kind: string, request: RequestInit, type: string): Promise<Job> {
    this.token = await signIn(this.running.url);
    const answer = await this.ask(kind, { ...request, headers: { 'content-type': type } });
    let job = (await answer.json()) as Job;
    let next = performance.now() + TELL_MS;
    while (UNDER_WAY.includes(job.state)) {
      await sleep(100);
      if (performance.now() > next) {
        console.log(`    … ${JSON.stringify(job.counts)}, memory ${this.memory} MB`);
        next += TELL_MS;
      }
      job = (await (await this.ask(`${kind}/${job.id}`, {})).json()) as Job;
    }
    if (job.state !== 'finished') throw new Error(`${kind}: ${job.state}: ${job.failure}`);
    return job;
  }

  private async ask(path: string, request: RequestInit): Promise<Response> {
    const send = () => {
      const headers = {
        ...(request.headers as Record<string, string>),
        authorization: `Bearer ${this.token}`,
      };
      return fetch(`${this.running.url}/v1/admin/${path}`, { ...request, headers });
    };
    let answer = await send();
    // Tokens are short, imports are long; a file is only sent with a fresh one.
    if (answer.status === 401 && request.body === undefined) {
      this.token = await signIn(this.running.url);
      answer = await send();
    }
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}

async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ADMIN),
  });
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

/** Does something, and tells how long it took and how much memory the shop had at most meanwhile. */
async function measured(shop: Shop, what: string, work: () => Promise<Job>): Promise<Job> {
  const [began, before] = [performance.now(), shop.memory];
  let peak = before;
  const look = setInterval(() => (peak = Math.max(peak, shop.memory)), 50);
  try {
    const job = await work();
    const seconds = (performance.now() - began) / 1_000;
    const products = job.counts.read ?? job.counts.products ?? 0;
    const rate = Math.round(products / seconds).toLocaleString('en');
    console.log(
      `  ${what}: ${JSON.stringify(job.counts)} in ${seconds.toFixed(1)} s, ${rate} products/s, memory ${before} → at most ${peak} MB`,
    );
    return job;
  } finally {
    clearInterval(look);
  }
}

async function travel(file: string, folder: string): Promise<boolean> {
  console.log(`${basename(file)} (${(statSync(file).size / 1e6).toFixed(1)} MB)`);
  const exported = (name: string) => join(folder, `${name}${file.endsWith('.csv') ? '.csv' : '.ndjson'}`);
  const [first, second, elsewhere] = [exported('first'), exported('second'), exported('elsewhere')];
  const verdicts: [string, boolean][] = [];
  const shop = await Shop.open();
  let format: string;
  try {
    const job = await measured(shop, 'imported', () => shop.import(file));
    ({ format } = job);
    if (job.ignoredColumns?.length) console.log(`  ignored columns: ${job.ignoredColumns.join(', ')}`);
    await measured(shop, 'exported', () => shop.export(format, first));
    const again = await measured(shop, 'imported again', () => shop.import(first));
    verdicts.push(['the second import changes nothing', again.counts.unchanged === again.counts.read]);
    await shop.export(format, second);
    verdicts.push(['the second export is the same', same(first, second, format, false)]);
  } finally {
    await shop.close();
  }
  const other = await Shop.open();
  try {
    await other.import(first);
    await other.export(format, elsewhere);
    verdicts.push(['another shop exports the same', same(first, elsewhere, format, true)]);
  } finally {
    await other.close();
  }
  if (format === 'shopify_csv') compareCells(file, first);
  for (const [what, isSo] of verdicts) console.log(`  ${isSo ? 'yes' : 'NO '}  ${what}`);
  return verdicts.every(([, isSo]) => isSo);
}

/** To the byte; ids of products are those of the shop. */
function same(a: string, b: string, format: string, otherShop: boolean): boolean {
  const [one, two] = [readFileSync(a), readFileSync(b)];
  if (!otherShop || format === 'shopify_csv') return one.equals(two);
  const bare = (bytes: Buffer) =>
    bytes.toString().replace(/^(\{"id":"|)[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/gm, '$1');
  return bare(one) === bare(two);
}

type Row = Record<string, string>;

/** What of the merchant's own file the export says otherwise, column by column. */
function compareCells(file: string, exported: string): void {
  const read = (path: string) =>
    parse(readFileSync(path), { columns: true, bom: true, relax_column_count: true }) as Row[];
  const rowsOf = (rows: Row[]) => {
    const products = new Map<string, Row[]>();
    for (const row of rows) {
      const handle = row.Handle ?? row['URL handle'] ?? '';
      products.set(handle, [...(products.get(handle) ?? []), row]);
    }
    return products;
  };
  const [before, after] = [rowsOf(read(file)), rowsOf(read(exported))];
  const differing = new Map<string, string[]>();
  let cells = 0;
  for (const [handle, rows] of before) {
    for (const [index, row] of rows.entries()) {
      const other = after.get(handle)?.[index];
      for (const [column, text] of Object.entries(row)) {
        cells++;
        if (plain(text) === plain(other?.[column] ?? '')) continue;
        differing.set(column, [
          ...(differing.get(column) ?? []),
          `${handle}: ${short(text)} → ${short(other?.[column])}`,
        ]);
      }
    }
  }
  console.log(
    `  of ${cells} cells of the file ${[...differing.values()].flat().length} are written otherwise:`,
  );
  for (const [column, examples] of differing)
    console.log(`    ${column} (${examples.length}): ${examples[0]}`);
}

/** `5`, `5.0` and `5.00` are one number, `TRUE` and `true` one word. */
const plain = (text: string): string =>
  /^\d+(\.\d+)?$/.test(text.trim()) ? String(Number(text)) : text.trim().toLowerCase();
const short = (text = ''): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** A file of made products, a line each. */
async function make(products: number, file: string): Promise<void> {
  const out = createWriteStream(file);
  for (let n = 0; n < products; n++) {
    const product = {
      ...{ externalId: `made-${n}`, handle: `made-thing-${n}`, title: `Made thing ${n} in linen and oak` },
      ...{
        description: `Number ${n}. ${'It does what it should, and lasts. '.repeat(8)}`,
        brand: `Maker ${n % 200}`,
      },
      ...{ status: 'published', categories: [{ handle: `kind-${n % 50}`, title: `Kind ${n % 50}` }] },
      ...{
        attributes: { material: 'linen', weight: n % 900 },
        options: [{ name: 'Size', values: ['S', 'M'] }],
      },
      variants: ['S', 'M'].map((size) => ({
        ...{
          sku: `MADE-${n}-${size}`,
          options: { Size: size },
          prices: [{ amount: 500 + (n % 9_000), currency: 'EUR' }],
        },
        stock: [{ location: 'main', onHand: n % 40 }],
      })),
    };
    if (!out.write(`${JSON.stringify(product)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

const parameters = process.argv.slice(2);
const at = parameters.indexOf('--made');
const made = at < 0 ? 0 : Number(parameters.splice(at, 2)[1]);
if (parameters.length === 0 && !(made > 0)) {
  console.error('use: transfer <files .ndjson or .csv …> [--made 200000]');
  process.exitCode = 1;
} else {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-files-'));
  try {
    const files = [...parameters];
    if (made > 0) {
      files.push(join(folder, `made-${made}.ndjson`));
      await make(made, files.at(-1) ?? '');
    }
    for (const file of files) if (!(await travel(file, folder))) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { realNow } from '../src/platform/clock.js';
import { type Behind, behindTable, measureBehind } from './behind.js';
import type { Measurement } from './load.js';
import { type Running, runToEnd } from './processes.js';
import { processorTime } from './processor.js';
import { mean, type Result, type Round, statementTable, table } from './report.js';
import { type Scenario, scenariosNamed } from './scenarios.js';
import { prepareStage, type Stage } from './stage.js';
import { countStatements, type StatementCount } from './statements.js';
import { settled } from './settled.js';

/*
 * How fast is the shop, as a share of what Fastify and pg alone do on the same machine in the same minutes?
 * `npm run bench -- --products 50000 --only list-sql,purchase --seconds 8 --rounds 2`
 */
const { values } = parseArgs({
  options: {
    products: { type: 'string', default: '10000' },
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '6' },
    warmup: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '2' },
    /** Where the figures go. */
    out: { type: 'string', default: '.data/bench' },
  },
});
const scenarios = scenariosNamed(values.only.split(',').filter(Boolean));
const say = (line: string): void => console.log(line);

const stage = await prepareStage(Number(values.products), say);
let failed = false;
// Ctrl-C would otherwise leave the database server and its folder behind.
process.once('SIGINT', () => void stage.close().finally(() => process.exit(130)));
try {
  const results: Result[] = [];
  for (const memory of [true, false]) results.push(...(await measureAll(stage, memory)));
  const sold = results.find(({ scenario }) => scenario.work === 'purchase');
  const behind = sold ? await lookBehind(stage, sold.product.perSecond) : null;
  const counts = scenarios.some(({ work }) => work === 'purchase') ? await countBoth(stage) : null;
  say(
    `\n${stage.server}, ${values.products} products, ${availableParallelism()} cores, Node ${process.version}\n`,
  );
  say(table(results));
  for (const { scenario, product, yardstick } of results)
    for (const complaint of [product.complaint, yardstick.complaint])
      if (complaint !== null) say(`\n${scenario.name} was refused: ${complaint}`);
  if (behind) say(`\n${behindTable(behind)}`);
  if (counts?.product) say(`\n${statementTable('A purchase asks of the database', counts.product)}`);
  if (counts?.yardstick)
    say(
      `\nThe yardstick: ${counts.yardstick.statements} statements, ${counts.yardstick.commits ?? '?'} commits`,
    );
  keep({ results, counts, behind });
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  await stage.close();
}
process.exit(failed ? 1 : 0);

/** Both sides run side by side; one of them rests while the other is driven, turn by turn. */
async function measureAll(stage: Stage, memory: boolean): Promise<Result[]> {
  const due = scenarios.filter((scenario) => scenario.memory === memory);
  if (due.length === 0) return [];
  const product = await stage.product({ memory });
  const yardstick = await stage.yardstick(memory);
  try {
    const results: Result[] = [];
    for (const scenario of due) results.push(await measure(scenario, product, yardstick));
    return results;
  } finally {
    await Promise.all([product.stop(), yardstick.stop()]);
  }
}

async function measure(scenario: Scenario, product: Running, yardstick: Running): Promise<Result> {
  const rounds = { product: [] as Round[], yardstick: [] as Round[] };
  for (let round = 0; round < Number(values.rounds); round++) {
    rounds.product.push(await drive(scenario, product, stage.productDatabase));
    // Mails and events of the product's turn must not run in the yardstick's.
    await settled(stage.productDatabase);
    rounds.yardstick.push(await drive(scenario, yardstick, stage.yardstickDatabase));
  }
  const result = { scenario, product: mean(rounds.product), yardstick: mean(rounds.yardstick) };
  const each = (of: Round[]): string => of.map(({ perSecond }) => perSecond.toFixed(0)).join(', ');
  say(`${scenario.name}: product ${each(rounds.product)}/s, yardstick ${each(rounds.yardstick)}/s`);
  return result;
}

async function drive(
  { work, connections }: Scenario,
  { url, pid }: Running,
  databaseUrl: string,
): Promise<Round> {
  const before = processorTime(pid, databaseUrl);
  const found = await runToEnd<Measurement>('load.js', [
    ...['--base', url, '--work', work, '--connections', String(connections)],
    ...['--seconds', values.seconds, '--warmup', values.warmup],
  ]);
  const after = processorTime(pid, databaseUrl);
  return {
    ...found,
    processMs: (after.process - before.process) / found.done,
    databaseMs: (after.database - before.database) / found.done,
  };
}

async function lookBehind(stage: Stage, topRate: number): Promise<Behind> {
  const product = await stage.product();
  try {
    return await measureBehind(product.url, stage.productDatabase, topRate);
  } finally {
    await product.stop();
  }
}

interface Counts {
  product: StatementCount | null;
  yardstick: StatementCount | null;
}

async function countBoth(stage: Stage): Promise<Counts> {
  const count = async (running: Running, databaseUrl: string): Promise<StatementCount | null> => {
    try {
      return await countStatements(databaseUrl, running.url);
    } finally {
      await running.stop();
    }
  };
  return {
    product: await count(await stage.product({ role: 'api' }), stage.productDatabase),
    yardstick: await count(await stage.yardstick(true), stage.yardstickDatabase),
  };
}

function keep(found: { results: Result[]; counts: Counts | null; behind: Behind | null }): void {
  mkdirSync(values.out, { recursive: true });
  const at = realNow().toISOString();
  const file = path.join(values.out, `${at.replace(/[:.]/g, '-')}.json`);
  const setting = { ...values, server: stage.server, node: process.version, cores: availableParallelism() };
  writeFileSync(file, `${JSON.stringify({ at, setting, ...found }, null, 2)}\n`);
  say(`\nKept in ${file}`);
}

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Measurement } from './load.js';
import { runToEnd } from './processes.js';
import { readProfile } from './profile-reader.js';
import { scenariosNamed } from './scenarios.js';
import { prepareStage } from './stage.js';

/*
 * Where the processor time of a request goes: `node dist/bench/profile.js --only purchase`. One scenario is driven against
 * the product under Node's own profiler; the file stays in `.data/bench/profile` for a browser's developer tools.
 */
const { values } = parseArgs({
  options: {
    products: { type: 'string', default: '10000' },
    only: { type: 'string', default: 'purchase' },
    seconds: { type: 'string', default: '8' },
    top: { type: 'string', default: '40' },
    role: { type: 'string', default: 'all' },
    out: { type: 'string', default: '.data/bench/profile' },
  },
});
const [scenario] = scenariosNamed([values.only]);
if (!scenario) throw new Error('Name a scenario: --only purchase');

const folder = path.resolve(values.out, scenario.name);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const stage = await prepareStage(Number(values.products), console.log);
try {
  const started = performance.now();
  const product = await stage.product({
    memory: scenario.memory,
    role: values.role === 'api' ? 'api' : 'all',
    nodeOptions: ['--cpu-prof', '--cpu-prof-interval', '500', `--cpu-prof-dir=${folder}`],
  });
  // The start is not what is looked for: only what happens while the shop is driven, warm.
  const from = performance.now() - started + 2_000;
  const found = await runToEnd<Measurement>('load.js', [
    ...['--base', product.url, '--work', scenario.work, '--connections', String(scenario.connections)],
    ...['--seconds', values.seconds, '--warmup', '2'],
  ]);
  const to = performance.now() - started;
  await product.stop();
  console.log(
    `\n${scenario.title}: ${found.perSecond.toFixed(0)}/s under the profiler ${found.complaint ?? ''}\n`,
  );
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  if (file) console.log(readProfile(path.join(folder, file), { from, to, top: Number(values.top) }));
} finally {
  await stage.close();
}
process.exit();

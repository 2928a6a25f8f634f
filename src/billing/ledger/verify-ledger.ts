import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { PlatformModule } from '../../platform/platform.module.js';
import { readFileArguments } from '../../platform/start/arguments.js';
import { command } from '../../platform/start/command.js';
import { failStart, StartFailure } from '../../platform/start/failure.js';
import type { ChainFindings } from './chain.js';
import { verifyFile } from './exported-chain.js';
import { LedgerChainRepository } from './ledger-chain.repository.js';
import { LedgerChain } from './ledger-chain.service.js';

/* `npm run verify-ledger [-- export.jsonl [--head HASH]]`: recomputes every seal of the books; exit code 1 when one does not fit. */
const USAGE =
  'npm run verify-ledger [-- export.jsonl [--head HASH]]\n\n' +
  'Without a file, the books of the store that is running here or that DATABASE_URL names; with a file, an export of\n' +
  'GET /v1/admin/ledger/export, for which no store is needed. --head: a seal that was written down earlier must be in it.';

const said = (isWhole: boolean, findings: ChainFindings, faults: readonly (string | false)[]): string => {
  if (!isWhole) process.exitCode = 1;
  const { brokenAt, brokenCheckpoint, unbalanced, transactions, checkpoints, head } = findings;
  const all = [
    brokenAt !== null && `place ${brokenAt} does not fit`,
    brokenCheckpoint !== null && `the checkpoint of ${brokenCheckpoint} says something else`,
    unbalanced > 0 && `${unbalanced} transactions do not balance`,
    ...faults,
  ].filter((fault) => fault !== false);
  const verdict = isWhole ? 'The ledger is whole' : `The ledger was changed: ${all.join(', ')}`;
  return `${verdict} (${transactions} transactions sealed, ${checkpoints} checkpoints; last seal ${head}).`;
};

try {
  const { values, files } = readFileArguments(USAGE, { head: { type: 'string' } });
  const [file] = files;
  if (file === undefined)
    await command(PlatformModule, async (app) => {
      // Nothing else of billing is needed, and no gateway is woken.
      const database = app.get(Database);
      const rows = new LedgerChainRepository(database);
      const report = await new LedgerChain(database, rows, app.get(Clock), app.get(Config)).verify();
      const { unsealed, strangers, differingDays } = report;
      const told = said(report.isWhole, report, [
        strangers > 0 && `${strangers} transactions did not come through the books`,
        differingDays > 0 && `${differingDays} sums of days are not those of their transactions`,
      ]);
      return unsealed === 0 ? told : `${told}\n${unsealed} transactions wait for their seal.`;
    });
  else {
    if (!existsSync(file)) throw new StartFailure('There is no such file.', 'Name an export of the ledger.');
    const found = await verifyFile(file, values.head ?? null);
    console.log(
      said(found.isWhole, found, [
        found.badLine !== null && `line ${found.badLine} is none of an export`,
        !found.isComplete && 'the file does not end with its head',
        found.holdsKept === false && 'the seal that was kept is not in it',
      ]),
    );
  }
} catch (error) {
  failStart(error);
}

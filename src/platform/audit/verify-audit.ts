import 'reflect-metadata';
import { PlatformModule } from '../platform.module.js';
import { readArguments } from '../start/arguments.js';
import { command } from '../start/command.js';
import { AuditChain } from './audit-chain.js';

/* `npm run verify-audit`: recomputes every seal of the audit trail; exit code 1 when one does not fit. */
await command(PlatformModule, async (app) => {
  readArguments('npm run verify-audit', {});
  const report = await app.get(AuditChain).verify();
  if (!report.isWhole) process.exitCode = 1;
  const { entries, head, brokenAt, unsealed, strangers } = report;
  const verdict = report.isWhole
    ? 'The audit trail is whole'
    : `The audit trail was changed: ${brokenAt === null ? '' : `place ${brokenAt} does not fit, `}${strangers} entries did not come through it`;
  return `${verdict} (${entries} entries sealed, ${unsealed} wait; last seal ${head}).`;
});

import { Config, loadConfig } from '../config.js';
import { checkData, checkMachine, checkPort } from './doctor.machine.js';
import { checkDatabase, checkFiles, checkGateway, checkMail, checkRedis } from './doctor.services.js';
import { describeFailure } from './failure.js';

/** What one look has found; the remedy belongs to what is not well. */
export interface Finding {
  level: 'ok' | 'warn' | 'fail';
  about: string;
  text: string;
  remedy?: string;
}

const checks: ((config: Config) => Promise<Finding[]>)[] = [
  checkMachine,
  checkData,
  checkPort,
  checkDatabase,
  checkRedis,
  checkMail,
  checkFiles,
  checkGateway,
];

/** `npm run doctor`: looks at everything that a start needs, changes nothing, and says what to do. */
async function examine(): Promise<Finding[]> {
  let config: Config;
  try {
    config = loadConfig();
  } catch (error) {
    return [{ level: 'fail', about: 'Settings', text: describeFailure(error) ?? String(error) }];
  }
  const findings: Finding[] = [{ level: 'ok', about: 'Settings', text: `ROLE=${config.role}` }];
  for (const check of checks) {
    try {
      findings.push(...(await check(config)));
    } catch (error) {
      findings.push({
        level: 'fail',
        about: check.name.slice(5),
        text: describeFailure(error, config) ?? String(error),
      });
    }
  }
  return findings;
}

const findings = await examine();
for (const { level, about, text, remedy } of findings) {
  console.log(`${level.padEnd(5)} ${about.padEnd(9)} ${text}${remedy ? ` → ${remedy}` : ''}`);
}
process.exit(findings.some(({ level }) => level === 'fail') ? 1 : 0);

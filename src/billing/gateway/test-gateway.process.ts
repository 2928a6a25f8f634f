import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Book, gatewayNow } from './test-gateway.book.js';
import { controlRoutes } from './test-gateway.control.js';
import { DisputeRules } from './test-gateway.disputes.js';
import { Journal } from './test-gateway.journal.js';
import { Knobs } from './test-gateway.knobs.js';
import { GatewayRules } from './test-gateway.rules.js';
import { gatewayServer } from './test-gateway.server.js';
import { SetupRules } from './test-gateway.setups.js';
import { Timetable } from './test-gateway.timetable.js';
import { behaviourOf } from './test-gateway.tokens.js';
import { WebhookSender } from './test-gateway.webhooks.js';

/*
 * A payment gateway of its own: another process, another memory, reached only over HTTP, so that time-outs, signatures
 * and crashes are real. `node dist/src/billing/gateway/test-gateway.process.js --port 0 --journal <file>` prints one
 * line {"url": …} when it listens. It stops on SIGTERM and when whoever started it goes away.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    journal: { type: 'string' },
    'webhook-url': { type: 'string' },
    'webhook-secret': { type: 'string' },
    account: { type: 'string', default: '' },
  },
});
if (values.journal === undefined) {
  process.stderr.write('The test gateway needs --journal <file> to keep its memory in.\n');
  process.exit(1);
}

let url = '';
const past = Journal.read(values.journal);
const book = new Book(new Journal(values.journal), past);
const rules = new GatewayRules(book, () => url);
const setups = new SetupRules(book, () => url);
const disputes = new DisputeRules(book);
const timetable = new Timetable(book, rules, disputes);
const knobs = new Knobs(book);
const webhooks = new WebhookSender((account) => book.endpointsOf(account), gatewayNow);
book.onEvent((event, charge) =>
  webhooks.send(event, { ...behaviourOf(charge.token).knobs, ...knobs.of(charge.account) }),
);
for (const charge of book.everyCharge()) timetable.watch(charge);
const gateway = { book, rules, setups, timetable, knobs };
const app = gatewayServer(gateway);
controlRoutes(app, gateway, disputes);

const stop = (): void => void app.close().finally(() => process.exit(0));
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
// A pipe means a parent that owns us; /dev/null or a terminal does not, and must not end us at once.
const stdin = fstatSync(0);
if (stdin.isFIFO() || stdin.isSocket()) process.stdin.resume().once('close', stop);

url = await app.listen({ host: '127.0.0.1', port: Number(values.port) });
const webhookUrl = values['webhook-url'];
const webhookSecret = values['webhook-secret'];
if (webhookUrl !== undefined && webhookSecret !== undefined) {
  await app.inject({
    method: 'POST',
    url: '/webhook-endpoint',
    headers: { authorization: `Bearer ${values.account || 'default'}` },
    payload: { url: webhookUrl, secret: webhookSecret },
  });
}
process.stdout.write(`${JSON.stringify({ url })}\n`);

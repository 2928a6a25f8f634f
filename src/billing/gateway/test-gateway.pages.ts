import { Money } from '../../platform/money/money.js';
import type { Charge, Setup } from './test-gateway.journal.js';

const escape = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>body{font:1rem/1.5 system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}
button{font:inherit;padding:.5rem 1rem;margin-right:.5rem}</style><h1>${title}</h1>${body}</html>`;
}

const buttons = `<form method="post"><button name="decision" value="approve">Approve</button>
<button name="decision" value="deny">Deny</button></form><p><small>Test gateway: no money moves.</small></p>`;

const readable = (charge: Charge): string => Money.of(charge.amount, charge.currency).toString();

/** What a bank would ask its customer during 3-D Secure. */
export function challengePage(charge: Charge): string {
  if (charge.status !== 'requires_action') return outcomePage(charge);
  return page('Your bank asks', `<p>Do you want to pay <strong>${readable(charge)}</strong>?</p>${buttons}`);
}

/** The same before a card is kept. */
export function setupPage(setup: Setup): string {
  if (setup.status !== 'requires_action') return outcomePage(setup);
  return page('Your bank asks', `<p>May this shop keep your card for later payments?</p>${buttons}`);
}

export function outcomePage({ status }: Pick<Charge | Setup, 'status'>): string {
  return page('Thank you', `<p>This is ${escape(status)} now. You can close this page.</p>`);
}

import 'reflect-metadata';
import { system } from '../../platform/access/actor.js';
import { readArguments } from '../../platform/start/arguments.js';
import { command } from '../../platform/start/command.js';
import { IdentityModule } from '../identity.module.js';
import { KeyRotation } from './key-rotation.service.js';

/*
 * `npm run rotate-keys [-- --compromised]`: what POST /v1/admin/signing-keys/rotation does, for whoever has the settings of
 * the store and no sign-in. Running processes follow within seconds.
 */
await command(IdentityModule, async (app) => {
  const values = readArguments('npm run rotate-keys [-- --compromised]', {
    compromised: { type: 'boolean', default: false },
  });
  const rotation = app.get(KeyRotation);
  const actor = system('rotate-keys');
  const keys = await (values.compromised ? rotation.replaceAll(actor) : rotation.rotate(actor));
  return keys.items.map(({ kid, state }) => `${state.padEnd(8)} ${kid}`).join('\n');
});

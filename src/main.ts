import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { migrations } from '../migrations/index.js';
import { AppModule } from './app.module.js';
import { boot } from './platform/start/boot.js';

/** One process: `ROLE` says whether it answers requests, runs jobs, or both. */
await boot({
  module: AppModule,
  migrations,
  gatewayProgram: fileURLToPath(new URL('./billing/gateway/test-gateway.process.js', import.meta.url)),
  example: (url) => `curl -s '${url}/v1/products?limit=1'`,
});

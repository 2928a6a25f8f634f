import { parseArgs } from 'node:util';
import Fastify from 'fastify';
import pg from 'pg';
import { announce } from './announce.js';
import { cartRoutes } from './cart.js';
import { catalogRoutes } from './catalog.js';
import { checkoutRoutes } from './checkout.js';

/*
 * What Fastify and pg alone can do for the same answers, the same writes and the same commits: no framework, no mapping,
 * no validation, no sign-in, no jobs. The product is measured by its share of this.
 */
const { values } = parseArgs({
  options: {
    database: { type: 'string', default: '' },
    gateway: { type: 'string', default: '' },
    memory: { type: 'string', default: 'on' },
  },
});
const pool = new pg.Pool({ connectionString: values.database, max: 16 });
const app = Fastify();
catalogRoutes(app, pool, values.memory === 'on' ? new Map() : null);
cartRoutes(app, pool);
checkoutRoutes(app, pool, values.gateway);
await announce(app);

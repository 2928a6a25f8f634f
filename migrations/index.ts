import type { Migrations } from '../src/platform/database/migrate.js';
import { Catalog1760000010000 } from './catalog/1760000010000-catalog.js';
import { Bullmq1760000000001 } from './platform/1760000000001-bullmq.js';
import { Kernel1760000000000 } from './platform/1760000000000-kernel.js';

/** Every change of the schema, in order. A list and not a glob: the compiler checks it, and no build can forget a file. */
export const migrations: Migrations = [Kernel1760000000000, Bullmq1760000000001, Catalog1760000010000];

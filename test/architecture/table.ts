/** What one module may do with the others. Whatever is not written here is refused. */
export interface Neighbours {
  /** Modules it may ask, through their `*.api.ts`, when it needs the answer now. */
  calls: readonly string[];
  /** Modules whose facts it may hear, through their `*.events.ts`. */
  hears: readonly string[];
}

/** Who may call and hear whom: the table of the design. A module may always hear itself. */
export const MODULES: Readonly<Record<string, Neighbours>> = {
  identity: { calls: [], hears: [] },
  catalog: { calls: [], hears: ['ordering'] },
  billing: { calls: ['identity'], hears: ['ordering'] },
  ordering: { calls: ['identity', 'catalog', 'billing'], hears: ['billing', 'identity'] },
};

/** PostgreSQL schemas by owner; `public` (extensions) and the system catalogs belong to everybody. */
export const SCHEMAS: Readonly<Record<string, readonly string[]>> = {
  identity: ['identity'],
  catalog: ['catalog'],
  billing: ['billing'],
  ordering: ['ordering'],
  platform: ['platform', 'bullmq'],
};

/** Words that must not occur, and the only places that may hold them, each for its reason. */
export const WORDS: readonly { word: RegExp; why: string; except: readonly RegExp[] }[] = [
  { word: /\bforwardRef\s*\(/, why: 'forwardRef hides a cycle', except: [] },
  { word: /@Global\s*\(/, why: '@Global hides a dependency', except: [] },
  { word: /\bScope\.REQUEST\b/, why: 'request scope spreads to every consumer', except: [] },
  {
    word: /\bprocess\.env\b|from ['"](?:node:)?process['"]/,
    why: 'only platform/config.ts reads the environment',
    // The starter runs before anything is compiled, so it cannot ask the configuration.
    except: [/^src\/platform\/config\.ts$/, /^src\/platform\/start\/\w+\.mjs$/],
  },
  {
    word: /\bDate\.now\b|\bnew Date\b(?!\(\s*[^\s)])/,
    why: 'only platform/clock.ts reads the time',
    // The starter runs before anything is compiled, so it cannot ask the clock.
    except: [/^src\/platform\/clock\.ts$/, /^src\/platform\/start\/\w+\.mjs$/],
  },
  {
    word: /@?\bInjectRepository\b|\bDataSource\b|\bEntityManager\b|\.getRepository\s*[(<]/,
    why: 'only platform/database holds the connection: anything else escapes the transaction',
    except: [/^src\/platform\/database\//, /^migrations\//],
  },
];

/** All that an events file may import: the base class, and the shape of money. */
export const EVENT_IMPORTS: readonly string[] = [
  'src/platform/events/event.ts',
  'src/platform/money/money.ts',
];

/** Folder names that collect what belongs nowhere. */
export const DRAWERS: readonly string[] = ['utils', 'util', 'common', 'shared', 'types', 'helpers', 'lib'];

import fs from 'node:fs';

/**
 * To load the application takes a test file longer than most tests take. When everything is run, the files that
 * `test/together/` imports share one loading, and so do all beside the code; named by their path, they run alone.
 */
const together = 'test/together';
const isNamed = process.argv.slice(2).some((word) => !word.startsWith('-') && !word.includes(together));
const imported = fs
  .readdirSync(new URL(together, import.meta.url))
  .flatMap((name) => fs.readFileSync(new URL(`${together}/${name}`, import.meta.url), 'utf8').split('\n'))
  .flatMap((line) => /^import '\.\.\/(.+)\.js';$/.exec(line)?.[1] ?? []);
const others = isNamed
  ? [`/${together}/`]
  : ['<rootDir>/src/', ...imported.map((name) => `/test/${name.replaceAll('.', '\\.')}\\.ts$`)];

/** Compiled by swc for speed; `npm run types` and the build check the types. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testRegex: '\\.(e2e-)?spec\\.ts$',
  testPathIgnorePatterns: ['/node_modules/', ...others],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2023',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  setupFiles: ['<rootDir>/test/support/engine.mjs'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  maxWorkers: 2,
  // Modules that a test file has loaded are not forgotten: a worker that holds many of them collects garbage and little else.
  workerIdleMemoryLimit: '1GB',
  testTimeout: 180_000,
};

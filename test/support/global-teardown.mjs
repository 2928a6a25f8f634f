/** After all test files: stops what `global-setup.mjs` has started. */
export default async function teardown() {
  await globalThis.stopTestServices();
}

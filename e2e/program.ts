import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..');
/** Set by `build-program.ts`. */
const folder = process.env['LLAMACTL_TEST_PROGRAM'];

/**
 * The file that Node runs: of the push tier the bundle that `build-program.ts` made, which starts in a third of the time; of
 * the long tier the sources.
 */
export const MAIN = folder === undefined ? path.join(ROOT, 'cli', 'main.ts') : path.join(folder, 'lib', 'main.js');

/** The server that dies at a point, in the same two forms. */
export const CRASHING =
  folder === undefined
    ? path.join(ROOT, 'e2e', 'crash', 'crashing-server.ts')
    : path.join(folder, 'crashing', 'main.js');

/** Where Node keeps what it compiled, as with the launcher; one for all tests, or each would begin with an empty one. */
export const COMPILED = path.join(folder ?? path.join(ROOT, '.cache'), 'compiled');

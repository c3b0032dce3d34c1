import { existsSync } from 'node:fs';
import path from 'node:path';
import { isLong } from '../scripts/test-tier.ts';

const ROOT = path.join(import.meta.dirname, '..');
/** Set by `build-program.ts`. */
const folder = process.env['LLAMACTL_TEST_PROGRAM'];

/** The bundle of the launcher, which `npm run bench` makes. */
const BUNDLE = path.join(ROOT, '.cache', 'program', 'current', 'main.js');
/** The command line as it stands, which Node runs without a bundle. */
export const SOURCE = path.join(ROOT, 'cli', 'main.ts');

/**
 * The file that Node runs: of the push tier the bundle that `build-program.ts` made, which starts in a third of the time; of
 * the long tier the sources; of the bench the bundle that the launcher would run.
 */
export const MAIN = folder === undefined ? checkedOut() : path.join(folder, 'lib', 'main.js');

/** The server that dies at a point, in the same two forms. */
export const CRASHING =
  folder === undefined
    ? path.join(ROOT, 'e2e', 'crash', 'crashing-server.ts')
    : path.join(folder, 'crashing', 'main.js');

/** Where Node keeps what it compiled, as with the launcher; one for all tests, or each would begin with an empty one. */
export const COMPILED = path.join(folder ?? path.join(ROOT, '.cache'), 'compiled');

function checkedOut(): string {
  return !isLong && existsSync(BUNDLE) ? BUNDLE : SOURCE;
}

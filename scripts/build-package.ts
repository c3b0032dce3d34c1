import path from 'node:path';
import { buildNpmPackage, NPM_FOLDER } from './npm-package.ts';
import { sourceStamp } from './source-stamp.ts';

/** Builds the program for the npm package in dist/npm/; `npm pack` runs this automatically. */
const stamp = await sourceStamp(path.join(import.meta.dirname, '..'), process.env);
await buildNpmPackage(NPM_FOLDER, stamp);
// `npm pack --json` needs standard output.
process.stderr.write(`built: ${NPM_FOLDER}\n`);

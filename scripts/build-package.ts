import path from 'node:path';
import { buildNpmPackage, NPM_FOLDER } from './npm-package.ts';
import { sourceStamp } from './source-stamp.ts';

/** Builds the program for the npm package into dist/npm/; `npm pack` does this by itself. */
const stamp = await sourceStamp(path.join(import.meta.dirname, '..'), process.env);
await buildNpmPackage(NPM_FOLDER, stamp);
// Standard output belongs to `npm pack --json`.
process.stderr.write(`built: ${NPM_FOLDER}\n`);

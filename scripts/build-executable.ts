import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildExecutable, EXECUTABLE } from './executable.ts';
import { sourceStamp } from './source-stamp.ts';

/** Builds the single executable for this machine's platform in dist/executable/. */
const stamp = await sourceStamp(path.join(import.meta.dirname, '..'), process.env);
const folder = path.dirname(EXECUTABLE);
await mkdir(folder, { recursive: true });
const licences = await buildExecutable(EXECUTABLE, stamp);
await writeFile(path.join(folder, 'THIRD-PARTY-LICENCES.txt'), licences);
process.stdout.write(`built: ${EXECUTABLE}\n`);

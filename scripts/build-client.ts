import path from 'node:path';
import { buildClient } from './client-package.ts';

/** Builds the client library into client/dist/, from where it can be packed and published. */
const directory = path.join(import.meta.dirname, '..', 'client', 'dist');
await buildClient(directory);
process.stdout.write(`built: ${directory}\n`);

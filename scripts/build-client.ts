import path from 'node:path';
import { buildClient } from './client-package.ts';

/** Builds the client library in client/dist/, ready to pack and publish. */
const directory = path.join(import.meta.dirname, '..', 'client', 'dist');
await buildClient(directory);
process.stdout.write(`built: ${directory}\n`);

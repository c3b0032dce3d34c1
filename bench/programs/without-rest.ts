import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/** Loaded into a server before its program: its connections to engines are used again at once. */

const FILE = new URL('../../server/gateway/engine-connection.ts', import.meta.url);
const REST = /^const REST_MS = \d+;$/m;

const text = readFileSync(FILE, 'utf8');
if (!REST.test(text)) throw new Error(`the rest of connections does not stand in ${FILE.pathname} any more`);
// The clock counts whole milliseconds: with 0, a connection would still rest for one millisecond.
const source = text.replace(REST, 'const REST_MS = -1;');

registerHooks({
  load: (url, context, load) =>
    url === FILE.href ? { format: 'module-typescript', source, shortCircuit: true } : load(url, context),
});

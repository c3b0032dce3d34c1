/**
 * An `import` of `node:http` reads all its exports. One of them, `WebSocket`, loads undici, which takes 35 ms. So this
 * module has only the names that the program uses; the bundle fails for others.
 */
const HTTP = `
  const http = process.getBuiltinModule('node:http');
  export default http;
  export const { Agent, IncomingMessage, METHODS, Server, ServerResponse, STATUS_CODES, createServer, get, request } = http;
`;

/** Modules of Node that only some requests need. Only their default export can be imported. */
const LATE = ['http2', 'https', 'tls'];

/** Parts of packages that the program never uses: fastify's schemas and test requests, and pino's threads. */
const UNUSED = ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'light-my-request', 'thread-stream'];

/**
 * Modules that a bundle has in place of others, so that a server starts sooner and takes less memory: by
 * `KIND of NAME`, where KIND is how the module is loaded (`import-statement` or `require-call`).
 */
export const STAND_INS: ReadonlyMap<string, string> = standIns();

function standIns(): ReadonlyMap<string, string> {
  const texts = new Map([
    ['import-statement of http', HTTP],
    // pino looks at it once; no thread of the program writes to a log.
    ['require-call of worker_threads', 'exports.isMainThread = true;'],
    ['require-call of assert', `module.exports = ${lateAssert()};`],
  ]);
  for (const name of LATE) {
    texts.set(`import-statement of ${name}`, `export default ${late(name)};`);
    texts.set(`require-call of ${name}`, `module.exports = ${late(name)};`);
  }
  for (const name of UNUSED) texts.set(`require-call of ${name}`, unused(name));
  return texts;
}

/** Returns an expression: a module that is loaded when a property is read. */
function late(name: string): string {
  return `new Proxy({}, { get: (_, key) => process.getBuiltinModule('node:${name}')[key] })`;
}

/** Returns an expression: the function `assert`, whose module is loaded when a check fails. */
function lateAssert(): string {
  return `new Proxy(
    (isTrue, ...rest) => { if (!isTrue) process.getBuiltinModule('node:assert')(isTrue, ...rest); },
    { get: (_, key) => process.getBuiltinModule('node:assert')[key] },
  )`;
}

function unused(name: string): string {
  return `module.exports = function () { throw new Error('this program has no ${name}'); };`;
}

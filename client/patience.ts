/** Where Node keeps what its `fetch` sends requests with. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

type Agent = new (options: { headersTimeout: number; bodyTimeout: number }) => object;

/**
 * What lets Node's `fetch` wait for as long as it takes: on its own it gives up after five minutes without a byte, which
 * the loading of a large model, or the reading of a long prompt, can take. Browsers, and a Node in which somebody has
 * put something of their own there (a proxy), are left alone.
 *
 * To be asked after the first use of `fetch`: before it there is nothing to find.
 */
export function patience(): object {
  const present: unknown = Reflect.get(globalThis, DISPATCHER);
  if (typeof present !== 'object' || present === null || present.constructor.name !== 'Agent') return {};
  const known = agents.get(present);
  if (known !== undefined) return { dispatcher: known };
  const dispatcher = new (present.constructor as Agent)({ headersTimeout: 0, bodyTimeout: 0 });
  agents.set(present, dispatcher);
  return { dispatcher };
}

/** One for all: each has connections of its own. */
const agents = new WeakMap<object, object>();

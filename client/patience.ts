/** The property in which Node keeps the dispatcher of `fetch`. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

type Agent = new (options: { headersTimeout: number; bodyTimeout: number }) => object;

/**
 * Returns options that remove the timeouts of Node's `fetch`. By default it gives up after five minutes without a byte,
 * but loading a large model or reading a long prompt can take longer. Returns no options in browsers, or if the program
 * has set its own dispatcher, such as a proxy.
 *
 * Call it after the first use of `fetch`: before that, the dispatcher does not exist.
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

/** One agent for all requests, because each agent has its own connections. */
const agents = new WeakMap<object, object>();

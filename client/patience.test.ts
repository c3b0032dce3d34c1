import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { patience } from './patience.ts';

const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

class Agent {
  readonly options: object;

  constructor(options: object = {}) {
    this.options = options;
  }
}

class ProxyAgent extends Agent {}

describe('options for a fetch without timeouts', () => {
  let own: unknown;

  beforeEach(() => {
    own = Reflect.get(globalThis, DISPATCHER);
  });

  afterEach(() => {
    Reflect.set(globalThis, DISPATCHER, own);
  });

  it('have one agent of the kind that Node uses, without timeouts, for all requests', () => {
    Reflect.set(globalThis, DISPATCHER, new Agent());
    const { dispatcher } = patience() as { dispatcher: Agent };
    expect(dispatcher).toBeInstanceOf(Agent);
    expect(dispatcher.options).toEqual({ headersTimeout: 0, bodyTimeout: 0 });
    expect(patience()).toEqual({ dispatcher });
    expect((patience() as { dispatcher: Agent }).dispatcher).toBe(dispatcher);
  });

  it('are empty if the program has set another dispatcher, or the platform has none', () => {
    Reflect.set(globalThis, DISPATCHER, new ProxyAgent());
    expect(patience()).toEqual({});
    Reflect.set(globalThis, DISPATCHER, undefined);
    expect(patience()).toEqual({});
  });

  it('exist after the first use of fetch: this fails if an update of Node hides the dispatcher', () => {
    expect(new Headers().has('x')).toBe(false);
    expect(Object.keys(patience())).toEqual(['dispatcher']);
  });
});

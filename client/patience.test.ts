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

describe('the patience of fetch', () => {
  let own: unknown;

  beforeEach(() => {
    own = Reflect.get(globalThis, DISPATCHER);
  });

  afterEach(() => {
    Reflect.set(globalThis, DISPATCHER, own);
  });

  it('is that of an agent of the kind that Node has, without its bounds, and the same for all', () => {
    Reflect.set(globalThis, DISPATCHER, new Agent());
    const { dispatcher } = patience() as { dispatcher: Agent };
    expect(dispatcher).toBeInstanceOf(Agent);
    expect(dispatcher.options).toEqual({ headersTimeout: 0, bodyTimeout: 0 });
    expect(patience()).toEqual({ dispatcher });
    expect((patience() as { dispatcher: Agent }).dispatcher).toBe(dispatcher);
  });

  it('leaves alone what somebody else put there, and platforms that have none', () => {
    Reflect.set(globalThis, DISPATCHER, new ProxyAgent());
    expect(patience()).toEqual({});
    Reflect.set(globalThis, DISPATCHER, undefined);
    expect(patience()).toEqual({});
  });

  it('is found as soon as fetch has been touched: an update of Node that hides it fails here', () => {
    expect(new Headers().has('x')).toBe(false);
    expect(Object.keys(patience())).toEqual(['dispatcher']);
  });
});

/**
 * Makes a class in place of `BroadcastChannel`. A message reaches the other channels of its name before `postMessage`
 * returns.
 */
export function fakeChannels(): new (name: string) => EventTarget & { postMessage: (data: unknown) => void } {
  const open = new Set<FakeChannel>();
  class FakeChannel extends EventTarget {
    readonly #name: string;

    constructor(name: string) {
      super();
      this.#name = name;
      open.add(this);
    }

    postMessage(data: unknown): void {
      for (const other of open) {
        if (other === this || other.#name !== this.#name) continue;
        other.dispatchEvent(new MessageEvent('message', { data: structuredClone(data) }));
      }
    }
  }
  return FakeChannel;
}

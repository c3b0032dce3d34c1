/** A message between tabs about answers, each named by its turn. */
type Message = { kind: 'asked' | 'written'; turn: string } | { kind: 'gone'; turns: readonly string[] };

/** Milliseconds of silence after which no tab is taken to get an answer. A hidden tab hears messages at once. */
export const SILENCE_MS = 2_000;
/** Milliseconds between two questions about the same answer. */
export const AGAIN_MS = 3_000;

/** How one answer is watched. */
interface Watch {
  timer: ReturnType<typeof setTimeout> | undefined;
  onGone: () => void;
}

/**
 * Knows whether some tab still gets an answer. Tabs ask each other, and a tab that closes says so: without HTTPS, browsers
 * have no locks. A tab that was only frozen is believed again with the next text that it stores.
 */
export class AnswerWriters {
  readonly #tabs: BroadcastChannel;
  readonly #own: () => ReadonlySet<string>;
  readonly #watches = new Map<string, Set<Watch>>();

  /**
   * @param name Of the channel: that of the history.
   * @param own The turns whose answers come to this tab now.
   */
  constructor(name: string, own: () => ReadonlySet<string>) {
    this.#tabs = new BroadcastChannel(`${name}:answers`);
    this.#own = own;
    this.#tabs.addEventListener('message', ({ data }: MessageEvent<Message>) => this.#hear(data));
  }

  /** Calls back once when no other tab gets the answer of a turn. Returns a function that ends this. */
  watch(turn: string, onGone: () => void): () => void {
    const watch: Watch = { timer: undefined, onGone };
    this.#watches.set(turn, new Set([...this.#watchesOf(turn), watch]));
    this.#ask(turn, watch);
    return () => this.#end(turn, watch);
  }

  /** Tells the other tabs that this one closes. */
  leave(): void {
    const turns = [...this.#own()];
    if (turns.length > 0) this.#say({ kind: 'gone', turns });
  }

  #ask(turn: string, watch: Watch): void {
    watch.timer = setTimeout(() => this.#lose(turn), SILENCE_MS);
    this.#say({ kind: 'asked', turn });
  }

  #hear(message: Message): void {
    if (message.kind === 'gone') {
      for (const turn of message.turns) this.#lose(turn);
    } else if (message.kind === 'asked') {
      if (this.#own().has(message.turn)) this.#say({ kind: 'written', turn: message.turn });
    } else {
      const { turn } = message;
      for (const watch of this.#watchesOf(turn)) {
        clearTimeout(watch.timer);
        watch.timer = setTimeout(() => this.#ask(turn, watch), AGAIN_MS);
      }
    }
  }

  #lose(turn: string): void {
    for (const watch of this.#watchesOf(turn)) {
      this.#end(turn, watch);
      watch.onGone();
    }
  }

  #end(turn: string, watch: Watch): void {
    clearTimeout(watch.timer);
    const left = new Set(this.#watchesOf(turn));
    left.delete(watch);
    if (left.size === 0) this.#watches.delete(turn);
    else this.#watches.set(turn, left);
  }

  #watchesOf(turn: string): ReadonlySet<Watch> {
    return this.#watches.get(turn) ?? new Set();
  }

  #say(message: Message): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel reaches this origin only
    this.#tabs.postMessage(message);
  }
}

import { ValueStore } from '../lib/value-store.ts';

/** A short message about a command. */
export interface Toast {
  kind: 'done' | 'error';
  text: string;
  /** The words of the server in English, after a text in another language. */
  words?: string | null | undefined;
  /** Of the answer with the error, for a report. */
  requestId?: string | null | undefined;
  action?: { label: string; run: () => void };
  /** The instances that it is about: their next start makes it old, and an error also the next try or another setting. */
  about?: readonly string[] | undefined;
}

export interface ShownToast extends Toast {
  id: number;
  /** Milliseconds of the monotonic clock. */
  shownAt: number;
}

const MOST = 3;
/** Milliseconds that a message stays. One with a button has to be read and reached. */
const STAYS_MS = { done: 5_000, action: 10_000, error: 30_000 };
/** Milliseconds after which an error is of the page before, when the page changes. */
const OWN_PAGE_MS = 1_000;

/** Owns the messages in the corner. They end by time, and errors also when the user goes to another page. */
export class ToastList {
  readonly shown = new ValueStore<readonly ShownToast[]>([]);
  #lastId = 0;
  #isHeld = false;

  /** Shows a message. The same text again replaces the one before. */
  show(toast: Toast): void {
    this.#lastId += 1;
    const id = this.#lastId;
    const others = this.shown.get().filter(({ text, words }) => text !== toast.text || words !== toast.words);
    this.shown.set([...others, { ...toast, id, shownAt: performance.now() }].slice(-MOST));
    const stays =
      toast.kind === 'error' ? STAYS_MS.error : toast.action === undefined ? STAYS_MS.done : STAYS_MS.action;
    this.#endAfter(id, stays);
  }

  close(id: number): void {
    this.#keep((toast) => toast.id !== id);
  }

  /** Keeps the messages while the pointer or the focus is on them. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }

  /** Closes the errors of the page that the user leaves. */
  leavePage(): void {
    const now = performance.now();
    this.#keep(({ kind, shownAt }) => kind === 'done' || now - shownAt < OWN_PAGE_MS);
  }

  /** Closes what an instance made old: it starts, so it is neither stopped nor refused. */
  started(instance: string): void {
    this.#keep((toast) => !isAbout(toast, [instance]));
  }

  /** Closes the errors about instances that are tried again, or that have other settings now. */
  retried(instances: readonly string[]): void {
    this.#keep((toast) => toast.kind === 'done' || !isAbout(toast, instances));
  }

  /** Closes the other messages. Without one to close, no listener is called. */
  #keep(isKept: (toast: ShownToast) => boolean): void {
    const shown = this.shown.get();
    const left = shown.filter(isKept);
    if (left.length < shown.length) this.shown.set(left);
  }

  #endAfter(id: number, milliseconds: number): void {
    setTimeout(() => {
      if (!this.shown.get().some((toast) => toast.id === id)) return;
      if (this.#isHeld) this.#endAfter(id, STAYS_MS.done);
      else this.close(id);
    }, milliseconds);
  }
}

/** Whether a message is about instances, all of which are among these. */
function isAbout({ about = [] }: Toast, instances: readonly string[]): boolean {
  return about.length > 0 && about.every((name) => instances.includes(name));
}

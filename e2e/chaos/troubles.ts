import type { Name } from './cast.ts';

/** What was done that may cut an answer or have something refused. */
export type TroubleKind = 'server' | 'instance' | 'disk';

/** Moments are of `performance.now()`. */
export interface Trouble {
  kind: TroubleKind;
  /** `null`: all of them. */
  name: Name | null;
  from: number;
  /** `null`: it lasts. */
  until: number | null;
}

/** Longest time until an effect is visible, including a stop that the engine ignores, in milliseconds. */
const GRACE_MS = 15_000;
/** Kept as long as somebody may ask. */
const MEMORY_MS = 180_000;

/** All that was done lately, and what can be explained by it. */
export class Troubles {
  #all: Trouble[] = [];

  begin(kind: TroubleKind, name: Name | null = null): Trouble {
    const now = performance.now();
    this.#all = this.#all.filter(({ until }) => until === null || until > now - MEMORY_MS);
    const trouble = { kind, name, from: now, until: null };
    this.#all.push(trouble);
    return trouble;
  }

  end(trouble: Trouble): void {
    trouble.until = performance.now();
  }

  /** Whether there was trouble of a kind, for one instance or all, while something went on. */
  explain(kind: TroubleKind, from: number, name: Name | null = null): boolean {
    return this.#all.some((trouble) => {
      const isMeant = trouble.kind === kind && (trouble.name === null || name === null || trouble.name === name);
      return isMeant && (trouble.until === null || trouble.until + GRACE_MS >= from);
    });
  }
}

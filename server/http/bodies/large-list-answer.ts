import { createHash } from 'node:crypto';
import { constants } from 'node:zlib';
import type { Sliced, SlicedWork } from '../../sliced-work.ts';
import { FinishedText, hashText } from '../edge/fixed-answer.ts';
import { isSame, ItemTexts, membersText } from './list-answer.ts';

/** Items whose text is made between two pauses: less than a millisecond. */
const AT_ONCE = 100;

/**
 * Caches the JSON of a list that may have ten thousand items, and its entity tag. 10 000 models are 4 MB, which takes tens of
 * milliseconds: the text is made in slices, compressed in a thread, and sent only to callers that do not have it yet. Items must
 * be immutable: a changed item is another object.
 */
export class LargeListAnswer {
  readonly #key: string;
  readonly #work: SlicedWork;
  readonly #texts = new ItemTexts();
  #last: { items: readonly object[]; end: string; text: Promise<FinishedText> } | null = null;

  /** @param key Name of the list in the answer. */
  constructor(key: string, work: SlicedWork) {
    this.#key = key;
    this.#work = work;
  }

  /** @param more Other members of the answer. */
  of(items: readonly object[], more: Readonly<Record<string, unknown>>): Promise<FinishedText> {
    const end = membersText(more);
    const last = this.#last;
    if (last?.end === end && isSame(last.items, items)) return last.text;
    const text = this.#work.run(this.#make(items, end), null);
    this.#last = { items, end, text };
    return text;
  }

  *#make(items: readonly object[], end: string): Sliced<FinishedText> {
    const pieces: Buffer[] = [];
    const hash = createHash('sha256');
    const add = (text: string): void => {
      const piece = Buffer.from(text);
      hash.update(piece);
      pieces.push(piece);
    };
    add(`{${JSON.stringify(this.#key)}:[`);
    for (let first = 0; first < items.length; first += AT_ONCE) {
      const texts = items.slice(first, first + AT_ONCE).map((item) => this.#texts.of(item));
      add((first === 0 ? '' : ',') + texts.join(','));
      yield;
    }
    add(`]${end}}`);
    return new FinishedText(Buffer.concat(pieces), hashText(hash), constants.Z_BEST_SPEED);
  }
}

import { decoded, LONGEST_ESCAPE, StringScanner } from './json-string.ts';
import { CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from '../json-bytes.ts';

/** The roles of the messages of a request. */
export interface Roles {
  /** Whether the value is an array. */
  isList: boolean;
  isEmpty: boolean;
  /** Whether the `role` of an item is `system` or `developer`. */
  hasPrompt: boolean;
}

const PROMPT_ROLES: ReadonlySet<string | null> = new Set(['system', 'developer']);
/** Bytes of the longest role with every character escaped, and with its quotes. */
const LONGEST_TEXT = 'developer'.length * LONGEST_ESCAPE + 2;
/** The bytes that `role` and the roles of prompts can begin with. */
const FIRST_BYTES: ReadonlySet<number | undefined> = new Set(Buffer.from('rsd\\'));
/** Depth of the members of an item. */
const IN_ITEM = 2;

const SPACE = 0x20;

/**
 * Finds the roles of the messages in a JSON array of objects. Takes the bytes of one complete value in pieces of any
 * size. The result for an invalid value is arbitrary, because the engine refuses it.
 */
export class RoleScanner {
  readonly #string = new StringScanner();
  #isList = false;
  #isEmpty = true;
  #hasPrompt = false;
  #depth = 0;
  /** The next string at {@link IN_ITEM} is a key, or an item of an array. */
  #isKeyDue = false;
  /** The last key at {@link IN_ITEM} was `role`. */
  #isRole = false;
  #isQuoted = false;
  /** Beginning of the current string of an item, in Latin-1; `null`: the string is not of interest. */
  #text: string | null = null;

  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && !this.#hasPrompt) {
      if (this.#isQuoted) at = this.#inString(bytes, at);
      else {
        this.#take(bytes[at] ?? 0);
        at += 1;
      }
    }
  }

  finish(): Roles {
    return { isList: this.#isList, isEmpty: this.#isEmpty, hasPrompt: this.#hasPrompt };
  }

  /** Takes a byte outside of strings. */
  #take(byte: number): void {
    if (this.#depth === 1 && byte > SPACE && byte !== CLOSE_ARRAY) this.#isEmpty = false;
    if (byte === QUOTE) this.#beginString();
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#open(byte);
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) this.#depth -= 1;
    else if (this.#depth === IN_ITEM && byte === COMMA) this.#isKeyDue = true;
    else if (this.#depth === IN_ITEM && byte === COLON) this.#isKeyDue = false;
  }

  #open(byte: number): void {
    this.#depth += 1;
    if (this.#depth === 1) this.#isList = byte === OPEN_ARRAY;
    if (this.#depth === IN_ITEM) this.#isKeyDue = true;
  }

  #beginString(): void {
    this.#isQuoted = true;
    const isRead = this.#depth === IN_ITEM && (this.#isKeyDue || this.#isRole);
    this.#text = isRead ? '"' : null;
    if (this.#isKeyDue) this.#isRole = false;
  }

  #inString(bytes: Buffer, from: number): number {
    const end = this.#string.end(bytes, from);
    const to = end === -1 ? bytes.length : end;
    // Nearly all other strings begin with another byte. Reading each would take four times as long.
    if (this.#text === '"' && !FIRST_BYTES.has(bytes[from])) this.#text = null;
    if (this.#text !== null && this.#text.length <= LONGEST_TEXT)
      this.#text += bytes.toString('latin1', from, Math.min(to, from + LONGEST_TEXT));
    if (end === -1) return to;
    this.#isQuoted = false;
    if (this.#text !== null) this.#read(this.#text);
    return end;
  }

  #read(text: string): void {
    const word = text.length <= LONGEST_TEXT ? decoded(text) : null;
    if (this.#isKeyDue) this.#isRole = word === 'role';
    else this.#hasPrompt = PROMPT_ROLES.has(word);
  }
}

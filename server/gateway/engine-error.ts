import type { RequestError } from '@llamactl/contract/requests';

/** Bytes of an answer in which its error is searched. */
const MOST_BYTES = 4_096;
const CODE = /"(?:type|code)": ?"([\w.-]{1,64})"/;

/**
 * Reads the error of an engine's answer with a status of 400 or more: its kind, in the formats of OpenAI and Anthropic. Its
 * message is left out, because engines quote the request there, and records hold no content.
 */
export class EngineErrorReader {
  readonly #status: number;
  #text = '';

  constructor(status: number) {
    this.#status = status;
  }

  read(bytes: Buffer): void {
    const room = MOST_BYTES - this.#text.length;
    if (room > 0) this.#text += bytes.toString('latin1', 0, room);
  }

  error(): RequestError {
    const code = CODE.exec(this.#text)?.[1] ?? null;
    return { code, message: `The engine answered ${this.#status}${code === null ? '' : ` (${code})`}.` };
  }
}

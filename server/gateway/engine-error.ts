import type { RequestError } from '@llamactl/contract/requests';
import { isFixedMessage } from './fixed-messages.ts';

/** Bytes of an answer in which its error is searched. */
const MOST_BYTES = 4_096;
const CODE = /"(?:type|code)": ?"([\w.-]{1,64})"/;
/** A JSON string. */
const MESSAGE = /"message": ?("(?:[^"\\]|\\.)*")/;

/**
 * Reads the error of an engine's answer with a status of 400 or more: its kind, in the formats of OpenAI and Anthropic, and its
 * message if that is known to quote nothing. Others are left out, because records hold no content of requests.
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
    const answered = `The engine answered ${this.#status}${code === null ? '' : ` (${code})`}`;
    const message = this.#message();
    if (message === null) return { code, message: `${answered}.` };
    if (isFixedMessage(message)) return { code, message: `${answered}: ${message}` };
    return {
      code,
      message: `${answered}. Only its caller has the message, which may quote the request.`,
    };
  }

  /** The message of the answer; `null`: it has none, or a broken one. */
  #message(): string | null {
    const [, quoted] = MESSAGE.exec(this.#text) ?? [];
    if (quoted === undefined) return null;
    try {
      const message: unknown = JSON.parse(quoted);
      return typeof message === 'string' ? message : null;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return null;
    }
  }
}

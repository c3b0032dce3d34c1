import type { LogEntry, LogLevel } from '@llamactl/contract/logs';
import { cleanLine, cutText } from './clean-text.ts';
import { createIsoTexts, readRequest, readStamp, readStampWithoutYear } from './time-stamp.ts';
import { readJsonLine } from './json-line.ts';
import { levelOf } from './level.ts';
import { isChatter } from './llama-chatter.ts';

/** Characters (UTF-16 units) of a message; a longer one is cut and ends in an ellipsis. */
export const MAX_MESSAGE_CHARACTERS = 16_384;

/** llama-server's router puts `[port] ` before the output of its children. */
const CHILD = /^\[ *\d{1,5}\] (?=\d)/;

/** llama-server without timestamps (`--no-log-timestamps`): only the level's letter, then a function's name. */
const LETTER = /^([DIWE]) +(?=(?:[a-z]{2,5} +)?[a-z_~][\w~]*: )/;

/** `INFO:     …`, `[INFO] …`, `INFO …`: a level in capitals. */
const LEVEL_WORD = /^(\[?)([A-Z]{3,11})(\]?)(:?)(?:\s+|$)/;

/** vLLM: `(EngineCore pid=12) INFO 01-15 14:30:00 [file.py:12] …` */
const PROCESS = /^\(\w{1,60} pid=\d+\) /;

/** A level after a time, between any of the usual separators. */
const LEVEL_AFTER_TIME =
  /^[\s\-:|]*(?:\[\d+\][\s\-:|]*)?(\[|\(|)([A-Za-z]{1,11})(\]|\)|\s*[:|]|\s+-(?=\s)|)(?=[\s\-:|]|$)[\s\-:|]*/;

/** A level after a time and the logger's name: `2024-01-15 14:30:00,123 - name - INFO - …` */
const LEVEL_AFTER_NAME = /^\s+-\s+(\S{1,200})\s+-\s+([A-Z]{3,11})\s+-\s/;

/** A level as programs without a logger print it. The level does not apply to the following lines. */
const SAID = /^(error|fatal|warning|warn): /i;

/**
 * Fatal messages of compute backends and of the C++ runtime, which ggml prints without a level: `CUDA error: out of memory`,
 * then its place, then `/ggml-cuda.cu:96: CUDA error` of the abort.
 */
const FATAL =
  /^(?:\d+\.\d\d\.\d{3}\.\d{3} )?(?:(?:CUDA|ROCm|HIP|MUSA) error: |  current device: -?\d+, in function |ggml_vulkan: (?:Device memory allocation of size |vk::\w+::\w+: Error)|ggml_metal_\w+: (?:error: )?command buffer \d+ failed|terminate called |  what\(\): |\S+\.(?:c|cc|cpp|h|hpp|cu|cuh|m|mm|metal):\d+: (?:\w+ error$|GGML_ASSERT\())/;

const SEPARATORS = /^[\s\-:|]+/;

const ZERO = 48;
const NINE = 57;
const DOT = 46;
const SPACE = 32;
/** `M.SS.mmm.uuu L`: number of characters after the minutes. */
const CLOCK_TAIL = '.SS.mmm.uuu L'.length;

const LETTERS: ReadonlyMap<string, LogLevel> = new Map([
  ['D', 'debug'],
  ['I', 'info'],
  ['W', 'warn'],
  ['E', 'error'],
]);

/**
 * Parses the lines of one run in order. A line without a timestamp or level takes it from the line that it continues.
 * Knows the formats of llama-server and of other common engines.
 */
export class LineParser {
  /** Level of the last line. */
  level: LogLevel = 'info';
  /** Time of the last line, milliseconds since the epoch. */
  at: number;
  message = '';
  /** Whether the last line had a timestamp: then that line and the following ones do not depend on earlier lines. */
  hadClock = false;
  readonly #startedAt: number;
  readonly #isoText = createIsoTexts();
  #continuedLevel: LogLevel = 'info';

  /** @param startedAt Start of the run, milliseconds since the epoch: llama-server's timestamps count from there. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
    this.at = startedAt;
  }

  /** Parses the next line. @param line without control characters */
  take(line: string): void {
    this.hadClock = false;
    if (this.#takeClock(line, 0)) return;
    this.level = this.#continuedLevel;
    this.message = line;
    // the first character determines the possible formats
    const first = line.charCodeAt(0);
    if (first >= ZERO && first <= NINE) this.#takeStamp(line);
    else if (line.startsWith('[')) this.#takeBracket(line);
    else if (line.startsWith('{')) this.#takeJson(line);
    else if (line.startsWith('(')) this.#takeProcess(line);
    else this.#takeWord(line);
  }

  /**
   * The last line as an entry of the API.
   *
   * @param isCut whether the line's end is missing
   */
  entry(seq: number, isCut: boolean): LogEntry {
    const message = cutText(this.message, MAX_MESSAGE_CHARACTERS, isCut);
    const entry = { timestamp: this.#isoText(this.at), level: this.level, message, seq };
    return this.hadClock ? entry : { ...entry, untimed: true };
  }

  /** Reads `M.SS.mmm.uuu L message`. Compares character codes for speed: most lines have this format. */
  #takeClock(line: string, start: number): boolean {
    let dot = start;
    let minutes = 0;
    for (let code = line.charCodeAt(dot); code >= ZERO && code <= NINE; code = line.charCodeAt(dot)) {
      minutes = minutes * 10 + code - ZERO;
      dot += 1;
    }
    const isClock =
      dot > start &&
      line.charCodeAt(dot) === DOT &&
      line.charCodeAt(dot + 3) === DOT &&
      line.charCodeAt(dot + 7) === DOT &&
      line.charCodeAt(dot + 11) === SPACE;
    if (!isClock) return false;
    const level = LETTERS.get(line.charAt(dot + 12));
    const end = dot + CLOCK_TAIL;
    if (level === undefined || (line.length > end && line.charCodeAt(end) !== SPACE)) return false;
    const seconds = numberAt(line, dot + 1, 2);
    const milliseconds = numberAt(line, dot + 4, 3);
    const microseconds = numberAt(line, dot + 8, 3);
    if (!(seconds < 60) || !(milliseconds >= 0) || !(microseconds >= 0)) return false;
    const graded = level === 'info' && isChatter(line, end + 1) ? 'debug' : level;
    this.#head(graded, this.#startedAt + minutes * 60_000 + seconds * 1_000 + milliseconds);
    this.message = line.slice(0, start) + line.slice(end + 1);
    return true;
  }

  #takeStamp(line: string): void {
    const stamp = readStamp(line);
    if (stamp !== null) return this.#takeStamped(stamp);
    const request = readRequest(line);
    if (request !== null) this.#head('info', request.at);
    else if (FATAL.test(line)) this.level = 'error';
  }

  #takeStamped({ at, rest }: { at: number; rest: string }): void {
    const [all = '', opening, word = '', closing] = LEVEL_AFTER_TIME.exec(rest) ?? [];
    const isSeparate = opening !== '' || closing !== '';
    const isLevel = isSeparate || (word.length > 1 && word === word.toUpperCase());
    const level = isLevel ? levelOf(word) : null;
    if (level !== null) {
      this.#head(level, at);
      this.message = rest.slice(all.length);
      return;
    }
    const [named = '', name = '', wordBehind = ''] = LEVEL_AFTER_NAME.exec(rest) ?? [];
    const levelBehind = levelOf(wordBehind);
    this.#head(levelBehind ?? 'info', at);
    this.message = levelBehind === null ? rest.replace(SEPARATORS, '') : `${name} - ${rest.slice(named.length)}`;
  }

  #takeBracket(line: string): void {
    const child = CHILD.exec(line);
    if (child !== null && this.#takeClock(line, child[0].length)) return;
    const stamp = readStamp(line);
    if (stamp === null) this.#takeWord(line);
    else this.#takeStamped(stamp);
  }

  #takeJson(line: string): void {
    const json = readJsonLine(line);
    if (json === null) return;
    this.#head(json.level ?? 'info', json.at);
    this.message = cleanLine(json.message.trimEnd().replaceAll('\n', ' '));
  }

  #takeProcess(line: string): void {
    const [process] = PROCESS.exec(line) ?? [];
    if (process === undefined) return;
    this.#takeWord(line.slice(process.length));
    this.message = process + this.message;
  }

  #takeWord(line: string): void {
    const letter = LETTER.exec(line);
    if (letter !== null) {
      const level = LETTERS.get(letter[1] ?? '') ?? 'info';
      this.#head(level === 'info' && isChatter(line, letter[0].length) ? 'debug' : level, null);
      this.message = line.slice(letter[0].length);
      return;
    }
    const [all = '', opening, word = '', closing, colon] = LEVEL_WORD.exec(line) ?? [];
    const level = levelOf(word);
    if (level === null || (opening === '') !== (closing === '')) {
      const prefix = SAID.exec(line);
      if (prefix !== null) this.level = levelOf(prefix[1] ?? '') ?? 'info';
      else if (FATAL.test(line)) this.level = 'error';
      this.message = line;
      return;
    }
    const rest = line.slice(all.length);
    const stamp = readStampWithoutYear(rest, this.#startedAt);
    this.#head(level, stamp?.at ?? null);
    // a level without brackets, colon or time may be a word of the sentence: keep it
    const isMarked = stamp !== null || opening !== '' || colon !== '';
    this.message = isMarked ? (stamp?.rest ?? rest) : line;
  }

  /** Applies the level of a line, and its time if not `null`. */
  #head(level: LogLevel, at: number | null): void {
    this.level = level;
    this.#continuedLevel = level;
    if (at === null) return;
    this.at = at;
    this.hadClock = true;
  }
}

/** The number in these characters; NaN when one is no digit. */
function numberAt(line: string, start: number, length: number): number {
  let value = 0;
  for (let at = start; at < start + length; at += 1) {
    const digit = line.charCodeAt(at) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

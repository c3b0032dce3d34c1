import type { Exit } from '../instances/ports/runs.ts';
import { deviceMemoryFailure } from './device-memory-failure.ts';
import { exitText, launchFailure, signalOf } from './exit-text.ts';

interface Line {
  /** `E`, `W`, `I`, `D`, or `null` for a line without a level. */
  level: string | null;
  /** Without timestamp, level and the name of the function. */
  text: string;
}

// With colours forced on, the escape byte may already be removed, so it is optional.
// oxlint-disable-next-line no-control-regex -- the escape sequences of colours begin with a control character
const COLOUR = /\u001B?\[[0-9;]{1,8}m/g;
const PREFIX = /^(?:\[\s*\d+\] )?(?:\d+\.\d\d\.\d{3}\.\d{3} )?(?:([IWED]) )?(.*)$/s;
/** `srv    load_model: `, `llama_model_load: error loading model: `, `mtmd_init_from_file: error: `. */
const FUNCTION = /^(?:[a-z]{3,4} +)?[\w:~<>()]+: +(?=\S)/;
/** The first bytes of a file that is no model, which reasons must not show. */
const FILE_BYTES = /^(invalid magic characters): '.*', expected 'GGUF'/s;
const TITLES = /^(?:(?:error loading model|error|llama_model_loader|\[mtmd\]): +)+/;

/** Lines that only report the consequence of an earlier error. */
const FOLLOWS =
  /^(exiting due to|failed to load (draft |multimodal )?model\b|failed to create.context with model|encountered an error while trying to fit)/;
/** A compute backend failed to load: the engine continues with another. */
const HARMLESS = /\.(so|dylib|dll)\b/;
const ABORT = /^(?:what\(\): +(.+)|\S+\.(?:c|cc|cpp|h|hpp|cu|cuh|m|mm|metal):\d+: (.+))$/;
const JSON_LEVELS: ReadonlyMap<string, string> = new Map([
  ['error', 'E'],
  ['warn', 'W'],
  ['warning', 'W'],
  ['info', 'I'],
  ['debug', 'D'],
]);

/**
 * The reason why a llama-server ended, in one sentence with the file involved. The engine logs the cause in its first
 * `E` line, then logs the failure a dozen times. It reports a wrong argument without any prefix.
 */
export function llamaCppReason(exit: Exit, output: readonly string[], wasReady: boolean): string {
  const failure = launchFailure(output);
  if (failure !== null && !wasReady) return failure;
  const lines = output.map(parseLine).filter(({ text }) => text !== '');
  const ending = `the engine ${exitText(exit)}`;
  const signal = signalOf(exit);
  // Earlier output of a killed process is unrelated.
  if (signal === 'SIGKILL' || signal === 'SIGTERM') return ending;
  const shortage = deviceMemoryFailure(output);
  if (wasReady || signal !== null) {
    const last = shortage ?? abortCause(lines) ?? (wasReady && signal === null ? lastError(lines) : firstCause(lines));
    return last === null ? ending : `${ending}: ${last}`;
  }
  const cause = argumentCause(lines) ?? firstCause(lines);
  if (cause !== null) return cause;
  return shortage === null ? (abortCause(lines) ?? withLastLine(ending, lines)) : `${ending}: ${shortage}`;
}

function parseLine(raw: string): Line {
  const line = raw.replace(COLOUR, '').trim();
  const [, level = null, message = ''] = jsonLine(line) ?? PREFIX.exec(line) ?? [];
  const text = level === null ? message : message.replace(FUNCTION, '').replace(TITLES, '');
  return { level, text: text.trim().replace(FILE_BYTES, '$1') };
}

/** Reads a line of `--log-jsonl`. */
function jsonLine(line: string): [string, string | null, string] | null {
  if (!line.startsWith('{"type":')) return null;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null) return null;
    const { level, msg } = entry as { level?: unknown; msg?: unknown };
    return [line, JSON_LEVELS.get(String(level)) ?? null, typeof msg === 'string' ? msg.trim() : ''];
  } catch {
    return null;
  }
}

function argumentCause(lines: readonly Line[]): string | null {
  for (const { text } of lines) {
    const unknown = /^error: invalid argument: (.*)$/s.exec(text)?.[1];
    if (unknown !== undefined) return `invalid argument: ${unknown}`;
    const [, kind, name, what = ''] =
      /^error while handling (argument|environment variable) "([^"]*)": (.*)$/s.exec(text) ?? [];
    if (kind === undefined) continue;
    // For a text that is no number, C++ reports only the name of the parsing function.
    const problem = /^sto(i|l|ll|ul|ull|f|d|ld)$/.test(what) ? 'not a number' : what.replace(/^error: /, '');
    return `${kind} ${name}: ${problem === 'expected value for argument' ? 'needs a value' : problem}`;
  }
  return null;
}

/** The first error that is a cause, with the file that this line or a later one names. */
function firstCause(lines: readonly Line[]): string | null {
  const errors = lines.filter(({ level }) => level === 'E');
  const causes = errors.filter(({ text }) => !FOLLOWS.test(text) && !HARMLESS.test(text));
  const [cause] = causes.length > 0 ? causes : errors.filter(({ text }) => !HARMLESS.test(text));
  if (cause === undefined) return null;
  if (/couldn't bind HTTP server socket/.test(cause.text)) return `${cause.text}: is the port in use?`;
  if (fileIn(cause.text) !== null) return cause.text;
  const file = errors
    .slice(errors.indexOf(cause))
    .map(({ text }) => fileIn(text))
    .find((name) => name !== null);
  return file === undefined ? cause.text : `${cause.text} (${file})`;
}

/** The path in a text, recognised by its start or by a model's ending; `'#!/b'`, the start of a shell script, is none. */
function fileIn(text: string): string | null {
  return (
    /'(\.{0,2}\/[^']*|[^']*\.gguf[^']*)'/.exec(text)?.[1] ??
    /(?:from|file:?) ([^\s()]*(?:\/|\.gguf)[^\s()]*)/.exec(text)?.[1] ??
    null
  );
}

function abortCause(lines: readonly Line[]): string | null {
  const [, thrown, asserted] = lines.map(({ text }) => ABORT.exec(text)).find((match) => match !== null) ?? [];
  return thrown ?? asserted ?? null;
}

/** The last error. A running engine also logs errors of single requests, so only the last lines count. */
function lastError(lines: readonly Line[]): string | null {
  return lines.slice(-5).findLast(({ level, text }) => level === 'E' && !FOLLOWS.test(text))?.text ?? null;
}

function withLastLine(ending: string, lines: readonly Line[]): string {
  const last = lines.at(-1);
  return last === undefined ? `${ending} and wrote nothing` : `${ending}; its last line: ${last.text}`;
}

import type { Exit } from '../instances/ports.ts';
import { exitText, launchFailure, signalOf } from './exit-text.ts';

interface Line {
  /** `E`, `W`, `I`, `D`, or `null` for a line without one. */
  level: string | null;
  /** Without clock, level and the name of the function. */
  text: string;
}

// With colours forced on, the escape byte may have been removed before, so it is optional.
// oxlint-disable-next-line no-control-regex -- the escape sequences of colours begin with a control character
const COLOUR = /\u001B?\[[0-9;]{1,8}m/g;
const PREFIX = /^(?:\[\s*\d+\] )?(?:\d+\.\d\d\.\d{3}\.\d{3} )?(?:([IWED]) )?(.*)$/s;
/** `srv    load_model: `, `llama_model_load: error loading model: `, `mtmd_init_from_file: error: `. */
const FUNCTION = /^(?:[a-z]{3,4} +)?[\w:~<>()]+: +(?=\S)/;
/** The first bytes of a file that is no model: reasons do not show them. */
const FILE_BYTES = /^(invalid magic characters): '.*', expected 'GGUF'/s;
const TITLES = /^(?:(?:error loading model|error|llama_model_loader|\[mtmd\]): +)+/;

/** Lines that only say that what was said before was the end of it. */
const FOLLOWS =
  /^(exiting due to|failed to load (draft |multimodal )?model\b|failed to create.context with model|encountered an error while trying to fit)/;
/** A compute backend that could not be loaded: the engine goes on with another. */
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
 * The cause of a llama-server's end, in one sentence with the file it was about. The engine tells it in its first `E`
 * line and then a dozen times that it failed; a wrong argument it tells without any prefix.
 */
export function llamaCppReason(exit: Exit, output: readonly string[], wasReady: boolean): string {
  const failure = launchFailure(output);
  if (failure !== null && !wasReady) return failure;
  const lines = output.map(parseLine).filter(({ text }) => text !== '');
  const ending = `the engine ${exitText(exit)}`;
  const signal = signalOf(exit);
  // What a killed process said before has nothing to do with it.
  if (signal === 'SIGKILL' || signal === 'SIGTERM') return ending;
  if (wasReady || signal !== null) {
    const last = abortCause(lines) ?? (wasReady && signal === null ? lastError(lines) : firstCause(lines));
    return last === null ? ending : `${ending}: ${last}`;
  }
  return argumentCause(lines) ?? firstCause(lines) ?? abortCause(lines) ?? withLastLine(ending, lines);
}

function parseLine(raw: string): Line {
  const line = raw.replace(COLOUR, '').trim();
  const [, level = null, message = ''] = jsonLine(line) ?? PREFIX.exec(line) ?? [];
  const text = level === null ? message : message.replace(FUNCTION, '').replace(TITLES, '');
  return { level, text: text.trim().replace(FILE_BYTES, '$1') };
}

/** A line of `--log-jsonl`. */
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
    // What C++ says of a text that is no number is the name of the function that tried.
    const told = /^sto(i|l|ll|ul|ull|f|d|ld)$/.test(what) ? 'not a number' : what.replace(/^error: /, '');
    return `${kind} ${name}: ${told === 'expected value for argument' ? 'needs a value' : told}`;
  }
  return null;
}

/** The first error that is a cause, with the file that the engine names with it or right after it. */
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

/** A path begins like one or ends like a model: `'#!/b'`, the first bytes of a shell script, is none. */
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

/** A running engine logs errors of single requests too: only the very end tells of its own. */
function lastError(lines: readonly Line[]): string | null {
  return lines.slice(-5).findLast(({ level, text }) => level === 'E' && !FOLLOWS.test(text))?.text ?? null;
}

function withLastLine(ending: string, lines: readonly Line[]): string {
  const last = lines.at(-1);
  return last === undefined ? `${ending} and wrote nothing` : `${ending}; its last line: ${last.text}`;
}

import { bareName } from './flags.ts';
import type { FlagCatalogue, FlagEntry } from './flags.ts';

/**
 * Why a flag is restricted. `reserved`: only llamactl may set it. `privileged`: it lets the caller run code, read or write
 * files, or reach other machines; only `security.allow_privileged` allows it.
 */
export interface Guard {
  guard: 'reserved' | 'privileged';
  /** Completes the sentence "`x` …". */
  why: string;
  /** How the caller can use a privileged `x` anyway; left out: the common sentence for all options. */
  remedy?: string;
}

/** The common sentence for privileged options. */
export const PRIVILEGED_REMEDY = 'it needs `security.allow_privileged: true` in the configuration file';

/** A row of the table. It guards a flag that matches any of its patterns. */
export interface FlagRule extends Guard {
  /** Matches a name without leading dashes, in lower case, with `-` for `_`, with and without `no-`. */
  name?: RegExp;
  /** Matches the placeholder of the value in the help: `FNAME`, `PATH`. */
  placeholder?: RegExp;
  /** Matches the help's description of the flag. */
  description?: RegExp;
}

const LISTEN = 'is set by llamactl: an engine listens on loopback, on the port of its instance';
const KEY = 'is set by llamactl: each run gets a random key';
const FILES = 'reads or writes files of the caller’s choice';
const CODE = 'lets requests or the caller run programs';
const NETWORK = 'makes the engine fetch from or talk to other machines';

/**
 * Flags that match a rule below but are allowed, and why. The files that some of them name are GGUF models, like
 * `model_path`: the engine refuses other files unread, and preflight requires regular files.
 */
export const OPEN_FLAGS: ReadonlyMap<string, string> = new Map([
  ['no-host', 'turns off host buffers; it is not the negation of `host`'],
  ...['lora', 'lora-scaled', 'control-vector', 'control-vector-scaled', 'mmproj', 'mm'].map(
    (name) => [name, 'reads GGUF files, as `model_path` does'] as const,
  ),
  ...['spec-draft-model', 'model-draft', 'md'].map(
    (name) => [name, 'reads a GGUF file, as `model_path` does'] as const,
  ),
]);

/**
 * The table of guarded flags. Some rules match endings and descriptions, so that a future `--x-file PATH` is guarded at
 * once. The first match wins. The documentation contains the table.
 */
export const FLAG_RULES: readonly FlagRule[] = [
  { guard: 'reserved', name: /^(host|port|reuse-port)$/, why: LISTEN },
  { guard: 'reserved', name: /^api-prefix$/, why: 'is not available: the engine would not be found under the prefix' },
  { guard: 'reserved', name: /^api-key(-|$)/, why: KEY },
  {
    guard: 'reserved',
    name: /^(ssl|tls)-/,
    why: 'is not available: llamactl talks to engines over loopback, without TLS',
  },
  { guard: 'reserved', name: /^log-file$/, why: 'is set by llamactl: the output of each run goes to its own log' },
  { guard: 'reserved', name: /^(alias|a)$/, why: 'is set by llamactl to the name of the instance; use `aliases`' },
  { guard: 'reserved', name: /^(model|m)$/, why: 'is set by llamactl; use `model_path`' },
  // Measured on b11669: `--fim-qwen-1.5b-default` after `--port 0` listens on 8012, `--gpt-oss-20b-default` on 8013.
  {
    guard: 'reserved',
    name: /^(embd|fim|gpt-oss|vision)-.*-(default|spec)$/,
    description: /can download weights/,
    why: 'is not available: it chooses model and port, which the instance does; use `model_path` and the single options',
  },
  {
    guard: 'privileged',
    name: /^(agent|ag|no-ag)$|^tools(-|$)|(^|-)mcp(-|$)|(^|-)(exec|shell|script|command|plugins?|middleware)(-|$)|(^|-)(worker-cls|worker-class|logits-processors?)$|^trust-remote-code$/,
    description: /do not enable in untrusted environments/,
    why: CODE,
  },
  // The engine runs `ffmpeg` from that folder, whatever that program is.
  { guard: 'privileged', name: /ffmpeg/, why: CODE },
  {
    guard: 'privileged',
    name: /^(hf|hff|hft|hfr|hfd|hfrd|mu|mmu|dr)$|^rpc(-|$)|(^|-)(hf|docker|proxy)(-|$)|-(url|urls|uri|repo|endpoint)$/,
    placeholder: /(^|[^A-Za-z])UR[LI]([^A-Za-z]|$)/,
    why: NETWORK,
  },
  {
    guard: 'privileged',
    name: /^chat-template-file$/,
    why: FILES,
    remedy:
      'give the text of the template in `chat_template`, or set `security.allow_privileged: true` in the configuration file',
  },
  {
    guard: 'privileged',
    name: /^(path|file|f|output|o|out|jf|lcs|lcd|logdir|prompt-cache|config)$|(files?|paths?|dirs?|directory|folder|preset|socket)$|^lookup-cache-/,
    placeholder: /(^|[^A-Za-z])(FNAME|FILE|FILENAME|PATH|DIR|DIRECTORY)([^A-Za-z]|$)/,
    why: FILES,
  },
];

/** Names of flags for the listening address; which of them a custom engine has is unknown. */
const LISTEN_NAMES = [
  'host',
  'port',
  'bind',
  'listen',
  'bind-address',
  'listen-address',
  'uds',
  'fd',
  'addr',
  'http-port',
  'server-port',
];
const ABBREVIABLE = [...LISTEN_NAMES, 'trust-remote-code', 'tools', 'agent', 'path', 'rpc'];

/**
 * The guard of a flag in any spelling: `api_key`, `--API-KEY`, `--api-key=x`, `-a`, `--no-agent`. With a catalogue, checks
 * all spellings of the flag and its description.
 */
export function guardOfFlag(spelling: string, catalogue: FlagCatalogue | null): Guard | null {
  const bare = bareName(spelling.replace(/=.*$/s, ''));
  const name = bare.toLowerCase();
  const entry = (catalogue?.find(bare) ?? catalogue?.find(name))?.entry ?? null;
  return guardOf([name, name.replace(/^(no-)+/, '')], entry);
}

/** The guard of an entry of a catalogue. */
export function guardOfEntry(entry: FlagEntry): Guard | null {
  return guardOf([], entry);
}

function guardOf(names: readonly string[], entry: FlagEntry | null): Guard | null {
  const known =
    entry === null ? [] : [...entry.spellings, ...entry.negations].map((name) => bareName(name).toLowerCase());
  const all = [...names, ...known];
  if (all.some((name) => OPEN_FLAGS.has(name))) return null;
  const rule = FLAG_RULES.find(
    ({ name, placeholder, description }) =>
      all.some((candidate) => name?.test(candidate) === true) ||
      (entry !== null &&
        (placeholder?.test(entry.placeholder ?? '') === true || description?.test(entry.description) === true)),
  );
  if (rule === undefined) return null;
  const { guard, why, remedy } = rule;
  return { guard, why, ...(remedy !== undefined && { remedy }) };
}

/**
 * The guard of a flag of a custom engine. Flags for alias, log and model are allowed. A flag for the listening address
 * accepts only the instance's address. Many programs accept any prefix of a long flag, so `--hos` counts as `--host`.
 *
 * @param address The accepted host and port: placeholders in settings, values in filled arguments.
 */
export function guardOfCustomFlag(
  spelling: string,
  value: string | undefined,
  address: ReadonlySet<string>,
): Guard | null {
  const [, flag = spelling, inline] = /^([^=]*)(?:=(.*))?$/s.exec(spelling) ?? [];
  const name = bareName(flag).toLowerCase();
  const meant = ABBREVIABLE.find((full) => name.length > 1 && full.startsWith(name)) ?? name;
  if (LISTEN_NAMES.includes(meant)) {
    return address.has(inline ?? value ?? '') ? null : { guard: 'reserved', why: LISTEN };
  }
  const guard = guardOfFlag(meant, null);
  // llamactl connects to every engine over loopback without TLS.
  return guard?.guard === 'privileged' || /^(ssl|tls)-/.test(meant) ? guard : null;
}

/**
 * The guard of the key's flag, for an engine that gets a key from llamactl. Prefixes count as in
 * {@link guardOfCustomFlag}.
 */
export function guardOfKeyFlag(spelling: string): Guard | null {
  const name = bareName(spelling.replace(/=.*$/s, '')).toLowerCase();
  const isKey = /^api-?key(-|$)/.test(name) || (name.length > 2 && 'api-key'.startsWith(name));
  return isKey ? { guard: 'reserved', why: KEY } : null;
}

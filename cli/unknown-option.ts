import type { Option } from 'commander';
import { engineOptionOf } from './llama-server-flags.ts';
import { shellQuoted } from '../format/shell-words.ts';

/** The remedy for people who want to quantize a model. */
export const QUANTIZE =
  'llamactl quantizes no models: pull a smaller quant (llamactl models quants REFERENCE), or use llama-quantize of llama.cpp';

/** Options of similar programs, and what does the same here. */
const OTHER_OPTIONS: readonly Hint[] = [
  [/^listen$/, 'the server is given its address by --host and --port of llamactl serve or llamactl up'],
  [
    /^insecure$/,
    'a registry without https is set in the configuration: llamactl config set models.ollama_endpoint=http://HOST',
  ],
  [/^watch-config$/, 'after a change of its configuration: llamactl reload; of instances: llamactl apply FILE'],
  [/^config$/, 'the configuration file is an option of the server: llamactl serve --config FILE'],
  [/^v$/, 'for the version: llamactl --version'],
  [/^p(?:rompt)?$/, 'a question follows the name of the model: llamactl run NAME QUESTION'],
  [/^(?:d|detach)$/, 'instances always run in the background, and so does a server that llamactl up starts'],
  [/^(?:i|it|ti|interactive)$/, 'on a terminal, llamactl run NAME asks for messages without an option'],
  [/^file(?:name)?$/, 'the file needs no option: llamactl apply FILE'],
  [/^request-strip$/, 'give request_strip as JSON: --file FILE'],
];

/** For commands that set an instance. */
const OF_INSTANCES: readonly Hint[] = [
  [
    /^(?:name|n)$/,
    'the name needs no option: llamactl create NAME --model FILE; for another name: llamactl rename NAME NEW',
  ],
];

/** For `run`: flags of llama-cli and of Ollama for one answer. */
const OF_RUN: readonly Hint[] = [
  [/^(?:n|n-predict|predict|num-predict)$/, 'for the longest answer: --max-tokens NUMBER'],
  [/^no-?word-?wrap$/, 'answers are printed as they come, without added line breaks: leave the option out'],
  [/^no-?think(?:ing)?$/, 'for an answer without reasoning: --think=false'],
  [/^(?:dimensions|truncate)$/, 'for embeddings: /v1/embeddings of the server'],
  [/^sys(?:tem-prompt)?$/, 'for a system prompt: --system TEXT'],
];

/** For `run`, after options of `create`. */
const OF_RUN_AS_CREATE: readonly Hint[] = [
  [/^(?:m|model)$/, 'the model needs no option: llamactl run MODEL'],
  [
    /^name$/,
    'run names the instance after its model; for another name: llamactl create NAME --model MODEL, then llamactl run NAME',
  ],
];

/** For `rm`. */
const OF_RM: readonly Hint[] = [
  [/^(?:all|a)$/, 'name the instances to delete: llamactl rm NAME NAME; to list all names: llamactl ps -q'],
  [/^y(?:es)?$/, 'rm asks no question: leave the option out'],
];

/** For `stop`. */
const OF_STOP: readonly Hint[] = [
  [/^(?:f|9)$/, 'to end an engine at once: llamactl stop NAME --force'],
  [/^(?:t|time)$/, 'for the time that requests have to finish: --timeout SECONDS'],
];

/** For `logs`. */
const OF_LOGS: readonly Hint[] = [
  [
    /^(?:path|file|dir)$/,
    'logs are kept in several files, which are rotated; for one file: llamactl logs NAME -n all > FILE',
  ],
];

/** For `create`, after options of `ollama create`. */
const OF_CREATE: readonly Hint[] = [
  [/^quantize$/, QUANTIZE],
  [/^modelfile$/, 'a Modelfile is read with: llamactl create NAME -f FILE'],
  [
    /^(?:from|parameter|adapter|template|message|license)$/,
    'instructions of a Modelfile are read from a file: llamactl create NAME -f Modelfile',
  ],
];

/** For `update`. */
const OF_UPDATE: readonly Hint[] = [[/^modelfile$/, 'a Modelfile is read with: llamactl update NAME -f FILE']];

/** For `show`. */
const OF_SHOW: readonly Hint[] = [
  [/^(?:v|verbose)$/, 'show prints everything; for the metadata of the file: llamactl models show MODEL --metadata'],
];

/** For `models show`, after options of `ollama show`. */
const OF_MODELS: readonly Hint[] = [
  [
    /^(?:modelfile|parameters|system|license)$/,
    'only instances have it: llamactl show INSTANCE --modelfile, --parameters, --system or --license',
  ],
];

/** For `events`, which has no end. */
const OF_EVENTS: readonly Hint[] = [
  [
    /^(?:n|lines|tail|since|no-follow)$/,
    'events are printed as they happen, until Ctrl-C; to begin with earlier ones: --after-seq 0',
  ],
];

/** Verbs that start a model and have no options of the engine. */
const STARTING: ReadonlySet<string> = new Set(['run', 'start', 'restart', 'serve', 'up', 'quickstart', 'pull']);

const OF_VERBS: Readonly<Record<string, readonly Hint[]>> = {
  run: [...OF_RUN, ...OF_RUN_AS_CREATE],
  create: OF_CREATE,
  update: OF_UPDATE,
  show: OF_SHOW,
  'models show': OF_MODELS,
  events: OF_EVENTS,
  rm: OF_RM,
  stop: OF_STOP,
  logs: OF_LOGS,
};

type Hint = readonly [name: RegExp, hint: string];

/** A command and its options. */
export interface KnownOptions {
  /** Name of the command: `models show`. */
  command: string;
  options: readonly Option[];
  /** The command has `-o key=value`. People know the options of their engine, and write them as for the engine. */
  takesEngineOptions: boolean;
  /** The word after the option; `null`: none that may be its value. */
  value: string | null;
  /** The first argument, which names the instance of most commands; `null`: none was given. */
  argument: string | null;
}

/**
 * A hint for an option that a command does not have; `null`: none.
 *
 * @param option As typed, such as `--ttl` or `--ttl=5`.
 */
export async function unknownOptionHint(
  option: string,
  { command, options, takesEngineOptions, value, argument }: KnownOptions,
): Promise<string | null> {
  const [, name] = /^-{1,2}([a-z][\w-]*)(?:=|$)/.exec(option) ?? [];
  if (name === undefined) return null;
  const ofCommand = [...(OF_VERBS[command] ?? []), ...(takesEngineOptions ? OF_INSTANCES : [])];
  const ofOthers = [...ofCommand, ...OTHER_OPTIONS];
  if (KEEP_ALIVE.test(name)) return keepAliveHint(value, argument);
  const hint = ofOthers.find(([pattern]) => pattern.test(name))?.[1];
  if (hint !== undefined) return hint;
  const key = engineOptionOf(name);
  const said = `-o ${key ?? name.replaceAll('-', '_')}=${value === null ? 'VALUE' : shellQuoted(value)}`;
  const ofEngine = `an option of the engine is written as ${said}; to search them: llamactl options`;
  if (key !== null && takesEngineOptions) return ofEngine;
  if (key !== null && STARTING.has(command)) {
    return `options of the engine belong to an instance: llamactl create NAME --model FILE ${said}, or llamactl update NAME ${said} --restart`;
  }
  const near = await nearOptions(name, options);
  if (near.length > 0) return `Did you mean ${near.map((each) => `--${each}`).join(' or ')}?`;
  return takesEngineOptions ? ofEngine : null;
}

/** Ollama's option for the time that an unused model stays loaded, and that of similar programs. */
const KEEP_ALIVE = /^(?:ttl|keep-?alive)$/;
const DURATION = /^(?:[1-9]\d*[hms])+$/;

/** The counterpart of a time that a model stays loaded. @param value As in Ollama: negative for ever, 0: not at all */
function keepAliveHint(value: string | null, argument: string | null): string {
  const name = argument === null ? 'NAME' : shellQuoted(argument);
  const update = `llamactl update ${name} --idle-timeout`;
  if (value?.startsWith('-') === true) return `to keep an idle instance running: ${update} 0`;
  if (value !== null && /^0+[hms]?$/.test(value))
    return `to stop an instance now: llamactl stop ${name}; a second after each answer: ${update} 1`;
  const time = value !== null && (DURATION.test(value) || /^\d+$/.test(value)) ? value : '10m';
  return `to stop an instance when it is idle: ${update} ${time}`;
}

/** Most options that a hint names: with more, the beginning says too little. */
const MOST_NEAR = 2;

/** The options that begin as the one typed, otherwise those that differ by few letters. */
async function nearOptions(name: string, options: readonly Option[]): Promise<string[]> {
  const known = options.flatMap(({ long, hidden }) => (long === undefined || hidden ? [] : [long.replace(/^--/, '')]));
  const begun = name.length < 2 ? [] : known.filter((each) => each.startsWith(name));
  if (begun.length > 0) return begun.length > MOST_NEAR ? [] : begun;
  const { suggestions } = await import('@llamactl/server/suggestion');
  return name.length < 3 ? [] : suggestions(name, known).slice(0, MOST_NEAR);
}

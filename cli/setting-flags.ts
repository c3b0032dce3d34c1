import { InvalidArgumentError, type Command } from 'commander';

/** Settings of an instance as flags. */
export interface SettingFlags {
  model?: string;
  engine?: string;
  port?: number;
  /** `key=value`, as given. */
  option?: string[];
  /** `NAME=value`, or `NAME`. */
  env?: string[];
  alias?: string[];
  unlisted?: boolean;
  autoStart?: boolean;
  autoRestart?: boolean;
  maxRestarts?: number;
  onDemand?: boolean;
  idleTimeout?: number;
  pinned?: boolean;
  group?: string;
  concurrency?: number;
  queueLimit?: number;
  upstreamModel?: string;
  isolated?: boolean;
  /** Parsed like shell words. */
  engineCommand?: string;
  healthPath?: string;
  /** Path of a JSON body; `-`: standard input. */
  file?: string;
}

/** Adds the flags that set instance settings, and `-- arguments…`. */
export function withSettingFlags(command: Command): Command {
  return command
    .argument('[arguments...]', 'after --: passed to the engine as they are, last')
    .option('-m, --model <file>', 'the model file; from this folder, if the server is on this machine')
    .option('--engine <name>', 'llama_cpp, or an engine of the configuration (default: llama_cpp)')
    .option('-p, --port <number>', 'port of the engine (default: a free one of instances.port_range)', port)
    .option('-o, --option <key=value>', 'an option of the engine, by its long flag; again: more, or a list', collect)
    .option('-e, --env <NAME=value>', 'a variable for the engine; NAME alone: as it is in this shell', collect)
    .option('-a, --alias <name>', 'a name for it under /v1, in place of all it had; again: more', collect)
    .option('--unlisted', 'not in the list of /v1/models')
    .option('--no-unlisted', 'in that list')
    .option('--auto-start', 'start it again after the machine was rebooted, if it ran')
    .option('--no-auto-start', 'do not')
    .option('--auto-restart', 'restart it when it dies')
    .option('--no-auto-restart', 'do not')
    .option('--max-restarts <number>', 'restarts in a row before it is given up; -1: for ever', restarts)
    .option('--on-demand', 'the first request under /v1 starts it (default)')
    .option('--no-on-demand', 'only llamactl start does')
    .option('--idle-timeout <seconds>', 'stop it so long after its last request; 0: never', idle)
    .option('--pinned', 'never stopped to make room, nor for idleness')
    .option('--no-pinned', 'as all others')
    .option('--group <name>', 'shares the limits of a group of the configuration')
    .option('--concurrency <number>', 'requests at once; the others wait', concurrency)
    .option('--queue-limit <number>', 'requests that may wait (default: 1000)', queueLimit)
    .option('--upstream-model <name>', 'what the engine is told as the model')
    .option('--isolated', 'cache no prompt of one request for another (llama_cpp only)')
    .option('--no-isolated', 'cache prompts (default)')
    .option('--engine-command <words>', "instead of the engine's own command; needs security.allow_privileged")
    .option('--health-path <path>', 'answers 200 when the engine is ready (default: /health)')
    .option('--file <file>', 'settings as JSON, as the API takes them; - reads them from standard input');
}

/** Collects the values of a repeated flag. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** A parser for whole numbers of a range. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

const port = wholeNumber(1, 65_535);
const restarts = wholeNumber(-1, 1_000_000);
const idle = wholeNumber(0, 2_678_400);
const concurrency = wholeNumber(1, 100_000);
const queueLimit = wholeNumber(0, 100_000);

/** A parser for seconds. */
export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 86_400)) {
    throw new InvalidArgumentError('It is a number of seconds, at most 86400.');
  }
  return value;
}

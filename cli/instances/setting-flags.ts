import { DURATION, durationSeconds } from '@llamactl/contract/duration';
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
  /** `key=value`, as given. */
  requestDefault?: string[];
  systemPrompt?: string;
  preset?: string;
  isolated?: boolean;
  keepContext?: boolean;
  /** Parsed like shell words. */
  engineCommand?: string;
  healthPath?: string;
  /** Path of a JSON body; `-`: standard input. */
  file?: string;
}

/** Adds the flags that set instance settings, and `-- arguments…`. */
export function withSettingFlags(command: Command): Command {
  return command
    .argument('[arguments...]', 'Arguments after -- for the engine, appended unchanged')
    .option(
      '-m, --model <file>',
      'Model file, relative to this folder if the server is on this machine; or a name of llamactl models',
    )
    .option('--engine <name>', 'Engine: llama_cpp, or one from the configuration (default: llama_cpp)')
    .option('-p, --port <number>', 'Port of the engine (default: a free port of instances.port_range)', port)
    .option(
      '-o, --option <key=value>',
      'Engine option, e.g. ctx_size=8192; repeatable, the same key makes a list',
      collect,
    )
    .option(
      '-e, --env <NAME=value>',
      'Environment variable of the engine; NAME alone copies it from this shell; repeatable',
      collect,
    )
    .option('-a, --alias <name>', 'Additional name under /v1; replaces all previous aliases; repeatable', collect)
    .option('--unlisted', 'Hide it from /v1/models')
    .option('--no-unlisted', 'List it in /v1/models (default)')
    .option('--auto-start', 'Start it after a reboot if it was running before')
    .option('--no-auto-start', 'Do not start it after a reboot')
    .option('--auto-restart', 'Restart it when its process dies')
    .option('--no-auto-restart', 'Do not restart it')
    .option('--max-restarts <number>', 'Restarts in a row before it counts as failed (-1 = unlimited)', restarts)
    .option('--on-demand', 'Start it at the first /v1 request (default)')
    .option('--no-on-demand', 'Start it only with llamactl start')
    .option('--idle-timeout <time>', 'Stop it after this idle time, such as 600 or 10m (0 = never)', idle)
    .option('--pinned', 'Never evict it, and never stop it when idle')
    .option('--no-pinned', 'Allow evictions and idle stops (default)')
    .option('--group <name>', 'Group of the configuration whose limits apply')
    .option('--concurrency <number>', 'Parallel requests; further requests wait', concurrency)
    .option('--queue-limit <number>', 'Requests that may wait (default: 1000)', queueLimit)
    .option('--upstream-model <name>', 'Model name to send to the engine')
    .option(
      '--request-default <key=value>',
      'Field for /v1 requests that lack it, with the value in JSON or as text, e.g. temperature=0.2; repeatable',
      collect,
    )
    .option(
      '--system-prompt <text>',
      'System prompt for /v1 chats that have none; "" adds none, not even of the preset',
    )
    .option('--preset <name>', 'Preset of the configuration with more request defaults and a system prompt')
    .option('--isolated', 'Never reuse cached prompts across requests (llama_cpp only)')
    .option('--no-isolated', 'Reuse cached prompts (default)')
    .option('--keep-context', 'Keep conversations on disk while it is stopped, to continue them fast (llama_cpp only)')
    .option('--no-keep-context', 'Keep no conversation over a stop (default)')
    .option('--engine-command <words>', "Replace the engine's command; needs security.allow_privileged")
    .option('--health-path <path>', 'Path that returns 200 when the engine is ready (default: /health)')
    .option(
      '-f, --file <file>',
      'File with settings: JSON in the form of the API, or a Modelfile of Ollama; - for standard input',
    );
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
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** A parser for whole numbers above 0. @param digits Most digits. */
export function positive(digits: number): (text: string) => number {
  return (text) => {
    if (!/^[1-9]\d*$/.test(text) || text.length > digits) {
      throw new InvalidArgumentError('Give a whole number above 0.');
    }
    return Number(text);
  };
}

const port = wholeNumber(1, 65_535);
const restarts = wholeNumber(-1, 1_000_000);
/** 31 days, in seconds. */
const LONGEST_IDLE = 2_678_400;
const concurrency = wholeNumber(1, 100_000);
const queueLimit = wholeNumber(0, 100_000);

function idle(text: string): number {
  const value = DURATION.test(text) ? durationSeconds(text) : NaN;
  if (!(value <= LONGEST_IDLE)) {
    throw new InvalidArgumentError('Give a time such as 600, 10m or 1h, at most 31 days; 0 means never.');
  }
  return value;
}

/** A parser for durations; returns seconds. */
export function duration(text: string): number {
  const value = DURATION.test(text) ? durationSeconds(text) : NaN;
  if (!(value <= 86_400)) throw new InvalidArgumentError('Give a time such as 90, 90s, 5m or 1h, at most a day.');
  return value;
}

/** A parser for seconds, which may be a fraction or have a unit. */
export function seconds(text: string): number {
  const value = DURATION.test(text) ? durationSeconds(text) : Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 86_400)) {
    throw new InvalidArgumentError('Give a number of seconds, or a time such as 5m, at most a day.');
  }
  return value;
}

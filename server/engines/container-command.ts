import path from 'node:path';
import type { ContainerCommand } from '../instances/ports/runs.ts';

const RUNTIMES = new Set(['docker', 'podman']);
/** Options of the runtimes themselves that take no value. */
const LEADING_SWITCHES = /^(-D|--debug|--tls|--tlsverify|-r|--remote|--noout|--syslog|--transient-store)$/;
/** Options of `run` that take no value; all others take one. */
const SWITCHES =
  /^--(detach|disable-content-trust|env-host|help|http-proxy|init|interactive|no-healthcheck|no-hostname|no-hosts|oom-kill-disable|passwd|privileged|publish-all|quiet|read-only|read-only-tmpfs|replace|rm|rmi|rootfs|sig-proxy|tls-verify|tty|unsetenv-all|use-api-socket)$/;
/** Short options without a value, such as `-d`, `-it`. */
const SHORT_SWITCHES = /^-[diPqt]+$/;

/** The message about a command for which {@link isDetached} is true. */
export const DETACHED =
  'must not detach its container (-d): llamactl takes the end of the client for the end of the engine';

interface RunOptions {
  name: string | null;
  saysWhatRemains: boolean;
  isDetached: boolean;
}

/** Parses `docker run …` or `podman run …`; `null`: another command. Does not look inside shell commands. */
export function containerCommand(command: string, argv: readonly string[]): ContainerCommand | null {
  const at = optionsOfRun(command, argv);
  if (at === null) return null;
  const { name, saysWhatRemains } = readOptions(argv.slice(at));
  const leading = argv.slice(0, at - 1);
  return { leading: leading.at(-1) === 'container' ? leading.slice(0, -1) : leading, at, name, saysWhatRemains };
}

/** Whether the command detaches the container: then its client ends at once, which would count as the engine's end. */
export function isDetached(command: string, argv: readonly string[]): boolean {
  const at = optionsOfRun(command, argv);
  return at !== null && readOptions(argv.slice(at)).isDetached;
}

function optionsOfRun(command: string, argv: readonly string[]): number | null {
  if (!RUNTIMES.has(path.basename(command))) return null;
  let at = 0;
  while (argv[at]?.startsWith('-') === true) at += takesNext(argv[at] ?? '', LEADING_SWITCHES, /^$/) ? 2 : 1;
  if (argv[at] === 'container') at += 1;
  return argv[at] === 'run' ? at + 1 : null;
}

/** Parses the options before the image; later arguments are the engine's and may look the same. */
function readOptions(argv: readonly string[]): RunOptions {
  const options: RunOptions = { name: null, saysWhatRemains: false, isDetached: false };
  for (let at = 0; argv[at]?.startsWith('-') === true; at += 1) {
    const option = argv[at] ?? '';
    const [flag = '', value] = option.split(/=(.*)/s);
    const isOn = value === undefined || value === 'true';
    if (flag === '--name') options.name = value ?? argv[at + 1] ?? null;
    if (flag === '--rm' || flag === '--restart') options.saysWhatRemains = true;
    if ((flag === '--detach' && isOn) || (SHORT_SWITCHES.test(flag) && flag.includes('d') && isOn)) {
      options.isDetached = true;
    }
    if (option === '--') break;
    if (takesNext(option, SWITCHES, SHORT_SWITCHES)) at += 1;
  }
  return options;
}

/**
 * Whether the next argument is the option's value: not for a switch, an option with `=`, or a letter with its value
 * attached.
 */
function takesNext(option: string, switches: RegExp, shortSwitches: RegExp): boolean {
  if (option.includes('=') || switches.test(option) || shortSwitches.test(option)) return false;
  return option.startsWith('--') || option.length === 2;
}

import path from 'node:path';
import type { FlagCatalogue } from '../flags.ts';
import { readArguments, readVariable, type UnreadCommand } from './pasted-arguments.ts';
import type { PastedSettings } from './pasted-settings.ts';

const RUNTIMES = new Set(['docker', 'podman']);
/** Options of `run` that take no value; all others take one. */
const SWITCHES =
  /^(?:--(?:detach|init|interactive|no-healthcheck|oom-kill-disable|privileged|publish-all|quiet|read-only|rm|replace|sig-proxy|tty)|-[diPqt]+)$/;
const CONTAINER_OPTION = 'is an option of the container';
const LLAMA_IMAGE = /llama\.cpp|llama-cpp|llama-server/i;

/** A folder or file of the machine, and its place in the container. */
interface Mount {
  host: string;
  inside: string;
}

/** Whether a command line runs a container. */
export function isContainerRun([program = '', ...rest]: readonly string[]): boolean {
  return RUNTIMES.has(path.basename(program)) && rest.includes('run');
}

/** Reads `docker run … IMAGE ARGUMENTS`. @returns why it cannot be read; `null`: it was read */
export function readContainerRun(
  words: readonly string[],
  catalogue: FlagCatalogue | null,
  settings: PastedSettings,
): UnreadCommand | null {
  const mounts: Mount[] = [];
  let at = words.indexOf('run') + 1;
  settings.drop(words.slice(0, at).join(' '), 'llamactl starts llama-server on this machine, not in a container');
  while (words[at]?.startsWith('-') === true) {
    const word = words[at] ?? '';
    const [flag = '', attached] = word.split(/=(.*)/s);
    const value = attached ?? (SWITCHES.test(flag) ? undefined : words[at + 1]);
    const text = attached !== undefined || value === undefined ? word : `${word} ${value}`;
    at += attached !== undefined || value === undefined ? 1 : 2;
    readOption(flag, value ?? '', text, { mounts, catalogue, settings });
  }
  const image = words[at];
  if (image === undefined) return { problem: 'names no image', isOther: false };
  const rest = words.slice(at + 1);
  if (!LLAMA_IMAGE.test(image)) {
    return { problem: `runs the image ${image}, which is not of llama.cpp`, isOther: true };
  }
  settings.drop(image, 'llamactl starts the llama-server of its configuration');
  const [first = ''] = rest;
  const isSelection = first === '--server' || first === '-s';
  if (isSelection) settings.drop(first, 'selects the program in the image');
  readArguments(isSelection ? rest.slice(1) : rest, catalogue, settings);
  moveModel(mounts, settings);
  return null;
}

interface Reading {
  mounts: Mount[];
  catalogue: FlagCatalogue | null;
  settings: PastedSettings;
}

function readOption(flag: string, value: string, text: string, { mounts, catalogue, settings }: Reading): void {
  switch (flag) {
    case '-e':
    case '--env': {
      const [name = '', content] = value.split(/=(.*)/s);
      if (content === undefined) settings.drop(text, 'takes its value from a shell, which llamactl does not have');
      else readVariable(name, content, text, catalogue, settings);
      return;
    }
    case '--name':
      // The name of a model of llama-swap counts; that of its container often has the port.
      if (settings.name !== undefined) return settings.drop(text, CONTAINER_OPTION);
      return settings.set('name', value, text);
    case '-v':
    case '--volume': {
      const [host = '', inside] = value.split(':');
      if (inside !== undefined) mounts.push({ host, inside });
      return settings.drop(
        text,
        'the engine reads the files of this machine; `model_path` has the path outside of the container',
      );
    }
    case '-p':
    case '--publish':
      return settings.drop(text, 'requests go through llamactl, which chooses a free port for the engine');
    case '--gpus':
    case '--device':
    case '--runtime':
      return settings.drop(
        text,
        'the engine finds the GPUs of this machine itself; the option `device` chooses among them',
      );
    default:
      return settings.drop(text, CONTAINER_OPTION);
  }
}

/** Replaces the path of the model in the container by that on the machine. */
function moveModel(mounts: readonly Mount[], settings: PastedSettings): void {
  const { modelPath: file } = settings;
  if (file === undefined) return;
  const mount = mounts.find(({ inside }) => file === inside || file.startsWith(`${inside.replace(/\/$/, '')}/`));
  if (mount !== undefined) settings.moveModel(path.posix.join(mount.host, file.slice(mount.inside.length)));
}

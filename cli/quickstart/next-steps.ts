import { existsSync } from 'node:fs';
import path from 'node:path';
import type { BackgroundServer } from '../server/background-server.ts';
import { QuickstartInstance } from './quickstart-instance.ts';

const { name } = QuickstartInstance;
const COMMANDS: readonly (readonly [command: string, description: string])[] = [
  [`llamactl run ${name}`, 'chat with it'],
  ['llamactl run ~/models/x.gguf', 'chat with your own model'],
  ['llamactl ps', 'list instances'],
  [`llamactl logs -f ${name}`, 'follow the output of the engine'],
  ['llamactl help', 'list all commands'],
];
const COLUMNS = Math.max(...COMMANDS.map(([command]) => command.length));

/** How this program was called. */
interface Calling {
  /** The absolute path of the program, or of the Node that runs it. */
  program: string;
  /** The folders in which a shell looks for `llamactl`. */
  searchPath: string | undefined;
}

/** The commands to try after quickstart. */
export function nextSteps({ url, stop }: Pick<BackgroundServer, 'url' | 'stop'>, calling: Calling): string[] {
  return [
    'It works. Server and model keep running in the background. Try next:',
    ...COMMANDS.map(([command, description]) => `  ${command.padEnd(COLUMNS)}  ${description}`),
    ...callingAdvice(calling),
    `Programs: every OpenAI client works with base URL ${url}/v1 and model ${name}:`,
    `  curl ${url}/v1/chat/completions -H 'Content-Type: application/json' \\`,
    `    -d '{"model": "${name}", "messages": [{"role": "user", "content": "Hello!"}]}'`,
    `Web page: ${url}/, API reference: ${url}/docs`,
    `${stop} stops the server and leaves engines running; ${stop} --stop-engines stops both.`,
  ];
}

/** Advice for a shell that does not find `llamactl`, as after a call of `./llamactl` in a checkout; empty: it does. */
function callingAdvice({ program, searchPath = '' }: Calling): string[] {
  const folders = searchPath.split(path.delimiter).filter((folder) => folder !== '');
  const isFound = folders.some((folder) => existsSync(path.join(folder, 'llamactl')));
  if (isFound || path.basename(program) !== 'llamactl') return [];
  const link = folders.find((folder) => folder.endsWith('/.local/bin')) ?? '/usr/local/bin';
  return [`  (llamactl is not on the PATH: write ${program} instead, or link it: ln -s ${program} ${link}/)`];
}

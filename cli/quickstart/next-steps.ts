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

/** The commands to try after quickstart. */
export function nextSteps({ url, stop }: Pick<BackgroundServer, 'url' | 'stop'>): string[] {
  return [
    'It works. Server and model keep running in the background. Try next:',
    ...COMMANDS.map(([command, description]) => `  ${command.padEnd(COLUMNS)}  ${description}`),
    `Programs: every OpenAI client works with base URL ${url}/v1 and model ${name}:`,
    `  curl ${url}/v1/chat/completions -H 'Content-Type: application/json' \\`,
    `    -d '{"model": "${name}", "messages": [{"role": "user", "content": "Hello!"}]}'`,
    `API reference: ${url}/docs`,
    `${stop} stops the server and leaves engines running; ${stop} --stop-engines stops both.`,
  ];
}

import { QuickstartInstance } from './quickstart-instance.ts';

const { name } = QuickstartInstance;
const COMMANDS: readonly (readonly [command: string, what: string])[] = [
  [`llamactl run ${name}`, 'chat with it'],
  ['llamactl run ~/models/x.gguf', 'chat with your own model'],
  ['llamactl ps', 'list instances'],
  [`llamactl logs -f ${name}`, 'follow the output of the engine'],
  ['llamactl help', 'list all commands'],
];
const COLUMNS = Math.max(...COMMANDS.map(([command]) => command.length));

/** The commands to try while quickstart's server runs. @param url Of the server. */
export function nextSteps(url: string): string[] {
  return [
    'It works. While this runs, in another terminal:',
    ...COMMANDS.map(([command, what]) => `  ${command.padEnd(COLUMNS)}  ${what}`),
    `Programs: every OpenAI client works with base URL ${url}/v1 and model ${name}:`,
    `  curl ${url}/v1/chat/completions -H 'Content-Type: application/json' \\`,
    `    -d '{"model": "${name}", "messages": [{"role": "user", "content": "Hello!"}]}'`,
    'Ctrl-C stops this server and its engine. `llamactl serve` runs a server that leaves engines running.',
  ];
}

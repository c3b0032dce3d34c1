import { QuickstartInstance } from './quickstart-instance.ts';

const { name } = QuickstartInstance;
const COMMANDS: readonly (readonly [command: string, what: string])[] = [
  [`llamactl run ${name}`, 'talk to it'],
  ['llamactl run ~/models/x.gguf', 'the same with a model of yours'],
  ['llamactl ps', 'what there is, and how it is'],
  [`llamactl logs -f ${name}`, 'what the engine says'],
  ['llamactl help', 'all the rest'],
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
    'Ctrl-C ends this server and its engine; `llamactl serve` is the server that leaves engines running.',
  ];
}

import type { CallOptions } from '@llamactl/client';
import { Argument, Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import type { CompletedCommand } from '../completion/completion-tree.ts';
import { WORD_KINDS, type WordKind } from '../completion/value-kind.ts';

interface Shell {
  name: string;
  /** Commands that install the script; they follow `llamactl completion NAME`. */
  examples: readonly string[];
  load: () => Promise<(program: CompletedCommand) => string>;
}

const SHELLS: readonly Shell[] = [
  {
    name: 'bash',
    examples: ["echo 'source <(llamactl completion bash)' >> ~/.bashrc"],
    load: async () => (await import('../completion/bash.ts')).bashCompletion,
  },
  {
    name: 'zsh',
    examples: [
      "echo 'source <(llamactl completion zsh)' >> ~/.zshrc",
      'llamactl completion zsh > "${fpath[1]}/_llamactl"',
    ],
    load: async () => (await import('../completion/zsh.ts')).zshCompletion,
  },
  {
    name: 'fish',
    examples: ['llamactl completion fish > ~/.config/fish/completions/llamactl.fish'],
    load: async () => (await import('../completion/fish.ts')).fishCompletion,
  },
];

/** Seconds. Short, because a person waits after pressing a key. */
const WORDS_TIMEOUT = 1;

export function completionCommand(commandLine: CommandLine): Command {
  const command = new Command('completion')
    .description('Print a completion script for verbs, options and instance names.')
    .addHelpText(
      'after',
      `\nThe script fits this version: create it again after an update, or let the shell\nsource it.\n\nExamples:\n${lines(SHELLS)}`,
    );
  for (const shell of SHELLS) command.addCommand(shellCommand(commandLine, shell));
  return command.addCommand(wordsCommand(commandLine), { hidden: true });
}

function shellCommand(commandLine: CommandLine, shell: Shell): Command {
  const { name, load } = shell;
  return new Command(name)
    .description(`Print the script for ${name}.`)
    .addHelpText('after', `\nExamples:\n${lines([shell])}`)
    .action(
      commandLine.local(async (terminal) => {
        const [script, { completionTree }] = await Promise.all([load(), import('../completion/completion-tree.ts')]);
        terminal.write(script(completionTree(await commandLine.program())));
      }),
    );
}

/** Words for the scripts. Prints no errors, because the user is typing a command line. */
function wordsCommand(commandLine: CommandLine): Command {
  return new Command('words')
    .description('Print candidates of a kind, for the scripts.')
    .addArgument(new Argument('<kind>', 'Kind of word to complete').choices(WORD_KINDS))
    .action(
      commandLine.online(async (session, { words: [kind] }) => {
        try {
          for (const word of await wordsOf(kind as WordKind, session)) session.terminal.print(word);
        } catch {
          // Without a server or permission there is nothing to offer.
        }
      }),
    );
}

function lines(shells: readonly Shell[]): string {
  return shells.flatMap(({ examples }) => examples.map((example) => `  ${example}`)).join('\n');
}

/** The current words of a kind, as they are typed. */
async function wordsOf(kind: WordKind, { client, contexts, signal }: Session): Promise<string[]> {
  const call = { signal, timeout: WORDS_TIMEOUT, retries: 0 };
  switch (kind) {
    case 'instance':
      return (await client.listInstances(call)).map(({ name }) => name);
    case 'model':
      return (await client.listInstances(call)).flatMap(({ name, aliases }) => [name, ...aliases]);
    case 'engine':
      return (await client.listEngines(call)).map(({ id }) => id);
    case 'option-key':
      return optionKeys(client, call);
    case 'engine-option':
      return (await optionKeys(client, call)).map((key) => `${key}=`);
    case 'context':
      return contexts.list().map(([name]) => name);
    case 'account':
      return (await client.listUsers(call)).map(({ username }) => username);
    case 'key':
      return (await client.listKeys(call)).map(({ id }) => id);
    case 'setting':
      return Object.keys((await client.getConfig(call)).sources);
    case 'assignment':
      return Object.keys((await client.getConfig(call)).sources).map((key) => `${key}=`);
  }
}

/** Options of the default engine that instances may set. */
async function optionKeys(client: Session['client'], call: CallOptions): Promise<string[]> {
  const { options } = await client.getEngineOptions('llama_cpp', call);
  return options.filter(({ guard }) => guard === null).map(({ key }) => key);
}

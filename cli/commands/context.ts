import { Command } from 'commander';
import { credentialsText, shownContext } from '../access/context-table.ts';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { configuredAddress, isThere, type AddressFlags } from '../server/server-address.ts';
import { plain } from '../screen/text.ts';

interface AddFlags {
  use?: boolean;
  keyStdin?: boolean;
}

export function contextCommand(commandLine: CommandLine): Command {
  return new Command('context')
    .description('Manage named servers, and choose the default one.')
    .addHelpText(
      'after',
      `
Contexts and log-in tokens are stored in ~/.config/llamactl/contexts.json, which
only you can read.

Examples:
  llamactl context add gpu --url https://gpu.example
  llamactl login ann --context gpu
  llamactl context use gpu
  llamactl ps --context local`,
    )
    .addCommand(listCommand(commandLine))
    .addCommand(addCommand(commandLine))
    .addCommand(useCommand(commandLine))
    .addCommand(showCommand(commandLine))
    .addCommand(removeCommand(commandLine));
}

function listCommand(commandLine: CommandLine): Command {
  return new Command('ls')
    .alias('list')
    .description('List contexts; * marks the current one.')
    .addHelpText('after', '\nExamples:\n  llamactl context ls\n  llamactl context ls --json')
    .action(
      commandLine.local(async (terminal) => {
        const { contexts, surroundings } = commandLine;
        const { current } = contexts;
        const shown = contexts.list().map(([name, each]) => shownContext(name, each, current, surroundings.now()));
        if (terminal.isJson) return terminal.printJson(shown);
        if (terminal.isQuiet) return shown.forEach(({ name }) => terminal.print(name));
        if (shown.length === 0) return terminal.note('no contexts; to add one: llamactl context add NAME --url URL');
        terminal.printTable(
          [{ title: ' ' }, { title: 'NAME' }, { title: 'URL', gives: 1, least: 12 }, { title: 'LOG-IN', gives: 2 }],
          shown.map((each) => [
            each.current ? '*' : ' ',
            each.name,
            plain(each.url),
            each.credentials === 'expired'
              ? { text: plain(credentialsText(each)), style: (text) => terminal.style.warning(text) }
              : plain(credentialsText(each)),
          ]),
        );
      }),
    );
}

function addCommand(commandLine: CommandLine): Command {
  return new Command('add')
    .description('Name the server at --url, or change the address of a name.')
    .argument('<name>', 'Name of the context')
    .option('--use', 'Make it the current context')
    .option('--key-stdin', 'Read its key from standard input (see llamactl keys create)')
    .addHelpText(
      'after',
      `
Examples:
  llamactl context add gpu --url https://gpu.example --use
  llamactl context add ci --url https://gpu.example --key-stdin < key.txt`,
    )
    .action(
      commandLine.local<AddFlags>(
        async (terminal, { words: [name = ''], flags: { use = false, keyStdin = false } }, command) => {
          const { contexts } = commandLine;
          const { url: given } = command.optsWithGlobals<AddressFlags>();
          if (given === undefined) {
            const example = `llamactl context add ${name} --url http://127.0.0.1:8080`;
            throw new Problem('no address given', EXIT.usage, [`add --url, as in: ${example}`]);
          }
          const { Client } = await import('@llamactl/client');
          const { url } = new Client(given);
          const known = contexts.find(name);
          const key = keyStdin ? (await terminal.readInput()).trim() : '';
          // Keep credentials only if they belong to the same server.
          const { data_dir: _followed, ...kept } =
            known !== undefined && known.url === url && isThere(known) ? known : { url };
          contexts.set(name, key === '' ? kept : { url, token: key });
          if (use) contexts.use(name);
          if (terminal.isJson) terminal.printJson({ name, url, current: contexts.current === name });
          terminal.note(`context ${name}: ${url}${use ? ', now the current context' : ''}`);
          if (!use && contexts.current !== name)
            terminal.note(`to use it: --context ${name}, or llamactl context use ${name}`);
        },
      ),
    );
}

function useCommand(commandLine: CommandLine): Command {
  return new Command('use')
    .description('Set the current context.')
    .argument('[name]', 'Context')
    .option('--local', 'Use the server of this machine, on any port')
    .addHelpText('after', '\nExamples:\n  llamactl context use gpu\n  llamactl context use --local')
    .action(
      commandLine.local<{ local?: boolean }>(async (terminal, { words: [name], flags: { local = false } }, command) => {
        if (local === (name !== undefined)) command.error('error: give either the name of a context or --local');
        commandLine.contexts.use(name ?? null);
        terminal.note(name === undefined ? 'the server of this machine' : commandLine.contexts.get(name).url);
      }),
    );
}

function showCommand(commandLine: CommandLine): Command {
  return new Command('show')
    .description('Show which server is used, why, and as which user.')
    .argument('[name]', 'Context (default: the server that commands use now)')
    .addHelpText(
      'after',
      '\nExamples:\n  llamactl context show\n  llamactl context show gpu\n  llamactl context show -q',
    )
    .action(
      commandLine.local(async (terminal, { words: [name] }, command) => {
        const { contexts, surroundings } = commandLine;
        const { environment, home, now } = surroundings;
        const globals = command.optsWithGlobals<AddressFlags>();
        const flags = name === undefined ? globals : { context: name };
        const { url, token, context, source } = await configuredAddress({ flags, environment, contexts, home });
        const stored = context === null ? { url } : contexts.get(context);
        const isForeign = token !== null && token !== (context === null ? undefined : contexts.get(context).token);
        const shown = shownContext(context ?? '', isForeign ? { url, token } : stored, contexts.current, now());
        if (terminal.isJson) return terminal.printJson({ ...shown, name: context, source });
        if (terminal.isQuiet) return terminal.print(url);
        const credentials = `${credentialsText(shown)}${isForeign ? ' (LLAMACTL_TOKEN)' : ''}`;
        for (const [title, value] of [
          ['url', url],
          ['from', source],
          ['context', context ?? '-'],
          ['log-in', credentials],
        ] as const) {
          terminal.print(`${terminal.style.faint(title.padEnd(8))} ${plain(value)}`);
        }
      }),
    );
}

function removeCommand(commandLine: CommandLine): Command {
  return new Command('rm')
    .alias('delete')
    .description(
      'Remove contexts. This does not end their log-ins; for that, first run llamactl logout --context NAME.',
    )
    .argument('<names...>', 'Contexts')
    .addHelpText(
      'after',
      '\nExamples:\n  llamactl context rm gpu\n  llamactl logout --context gpu && llamactl context rm gpu',
    )
    .action(
      commandLine.local(async (terminal, { words }) => {
        for (const name of words) commandLine.contexts.get(name);
        for (const name of words) {
          commandLine.contexts.remove(name);
          terminal.print(terminal.isQuiet ? name : `${name} removed`);
        }
      }),
    );
}

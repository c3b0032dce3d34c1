import type { ConfigWritten } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import type { Surroundings } from '../surroundings.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { plain } from '../screen/text.ts';

export function configCommand(commandLine: CommandLine): Command {
  return new Command('config')
    .description('Show or change the configuration of the server. Changes take effect at the next reload or start.')
    .addHelpText(
      'after',
      `
Examples:
  llamactl config show
  llamactl config get server.port
  llamactl config set instances.max_running=4 stats.interval=5
  llamactl config unset stats.interval`,
    )
    .addCommand(showCommand(commandLine))
    .addCommand(getCommand(commandLine))
    .addCommand(setCommand(commandLine))
    .addCommand(unsetCommand(commandLine))
    .addCommand(pathCommand(commandLine));
}

function showCommand(commandLine: CommandLine): Command {
  return new Command('show')
    .description('Show the whole configuration as YAML, with the origin of each value. Secrets are shown as ***.')
    .addHelpText('after', '\nExamples:\n  llamactl config show\n  llamactl config show --json | jq .pending')
    .action(
      commandLine.online(async ({ client, terminal, signal }) => {
        const view = await client.getConfig({ signal });
        if (terminal.isJson) return terminal.printJson(view);
        const { configLines } = await import('../configuration/config-text.ts');
        for (const line of configLines(view, (text) => terminal.style.faint(text))) terminal.print(line);
        terminal.note(
          view.file === null
            ? 'no configuration file; all values are defaults, flags or environment variables'
            : view.file,
        );
        if (view.problem !== undefined) terminal.warn(`the configuration file is invalid: ${plain(view.problem)}`);
        if (view.restart_required)
          terminal.note(`takes effect after llamactl reload or a restart: ${view.pending.join(', ')}`);
      }),
    );
}

function getCommand(commandLine: CommandLine): Command {
  return new Command('get')
    .description('Print a value or a section.')
    .argument('<key>', 'Key with dots, such as server.port; a name that has dots itself in quotes')
    .addHelpText('after', '\nExamples:\n  llamactl config get server.port\n  llamactl config get instances')
    .action(
      commandLine.online(async ({ client, terminal, signal }, { words: [key = ''] }) => {
        const [{ config }, { keysMeant, keysNear, valueAt }, { valueText }] = await Promise.all([
          client.getConfig({ signal }),
          import('../configuration/setting.ts'),
          import('../configuration/config-text.ts'),
        ]);
        const value = valueAt(config, key);
        if (value === undefined) {
          const meant = await keysMeant(config, key);
          const hint = meant.length === 0 ? '' : `; did you mean ${meant.join(' or ')}?`;
          throw new Problem(
            `there is no key ${key}${hint}`,
            EXIT.notFound,
            meant.length === 0 ? [`known keys: ${keysNear(config, key).join(', ')}`] : [],
          );
        }
        if (terminal.isJson) terminal.printJson(value);
        else terminal.print(plain(valueText(value), 'many lines'));
      }),
    );
}

function setCommand(commandLine: CommandLine): Command {
  return new Command('set')
    .description(
      'Change values in the configuration file; comments stay. Apply them with llamactl reload. The API cannot change some keys, such as engines.*. This command writes those itself if the server runs on this machine as your user, except security.*: change these in an editor. Without a server it changes the file that llamactl up reads.',
    )
    .argument('<settings...>', 'KEY=VALUE, with the value in YAML: 5, true, text, [a, b]; or one KEY VALUE')
    .addHelpText(
      'after',
      `
Examples:
  llamactl config set stats.interval=5
  llamactl config set 'models.dirs=[~/models, /srv/models]' auth.token_ttl=12h
  llamactl config set engines.llama_cpp.command=/opt/llama-server
  llamactl config set 'engines."qwen2.5".args=[serve]'   a name with a dot`,
    )
    .action(
      commandLine.online(async (session, { words }) => {
        const { patchOf } = await import('../configuration/setting.ts');
        const config = await presentConfig(session, words);
        await write(session, commandLine.surroundings, patchOf(words, config));
      }),
    );
}

function unsetCommand(commandLine: CommandLine): Command {
  return new Command('unset')
    .description('Remove values from the configuration file. Apply the defaults with llamactl reload.')
    .argument('<keys...>', 'Keys with dots, such as stats.interval')
    .addHelpText(
      'after',
      '\nExamples:\n  llamactl config unset stats.interval\n  llamactl config unset groups.big alerts.webhook',
    )
    .action(
      commandLine.online(async (session, { words }) => {
        const { resetOf } = await import('../configuration/setting.ts');
        const config = await presentConfig(session, words);
        await write(session, commandLine.surroundings, resetOf(words, config));
      }),
    );
}

/** The configuration, if a key may have a name with dots. `null`: not needed, or the server does not answer. */
async function presentConfig({ client, signal }: Session, words: readonly string[]): Promise<unknown> {
  const [{ mayHaveDottedName }, { ConnectionError, LlamactlError }] = await Promise.all([
    import('../configuration/setting.ts'),
    import('@llamactl/client'),
  ]);
  if (!words.some(mayHaveDottedName)) return null;
  try {
    return (await client.getConfig({ signal })).config;
  } catch (error) {
    // The change itself reports the problem.
    if (error instanceof LlamactlError || error instanceof ConnectionError) return null;
    throw error;
  }
}

async function write(
  session: Session,
  surroundings: Pick<Surroundings, 'environment' | 'home'>,
  patch: Record<string, unknown>,
): Promise<void> {
  const { terminal } = session;
  const { changeConfig } = await import('../configuration/own-file.ts');
  const { written, file } = await changeConfig(session, surroundings, patch);
  if (terminal.isJson) return terminal.printJson(written);
  if (terminal.isQuiet) return written.changed.forEach((key) => terminal.print(key));
  for (const line of await changedLines(written)) terminal.print(line);
  if (file !== null) terminal.note(plain(`llamactl wrote ${file} itself, because the API cannot change this key`));
  terminal.note(plain(written.message));
}

async function changedLines({ changed, config }: ConfigWritten): Promise<string[]> {
  const [{ valueAt }, { valueText }] = await Promise.all([
    import('../configuration/setting.ts'),
    import('../configuration/config-text.ts'),
  ]);
  return changed.map((key) => {
    const value = valueAt(config, key);
    return plain(value === undefined ? `${key} removed` : `${key} is now ${valueText(value)}`);
  });
}

function pathCommand(commandLine: CommandLine): Command {
  return new Command('path')
    .description("Print the path of the configuration file on the server's machine.")
    .addHelpText('after', '\nExamples:\n  llamactl config path\n  $EDITOR "$(llamactl config path)"')
    .action(
      commandLine.online(async ({ client, terminal, signal }) => {
        const { file } = await client.getConfig({ signal });
        if (terminal.isJson) return terminal.printJson({ file });
        if (file === null) {
          throw new Problem('the server has no configuration file', EXIT.notFound, [
            'to create one: llamactl config set KEY=VALUE',
          ]);
        }
        terminal.print(plain(file));
      }),
    );
}

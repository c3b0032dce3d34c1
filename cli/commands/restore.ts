import { codeOf } from '@llamactl/contract/reason';
import type { EngineFate, LoadedConfig, PreparedRestore, Replacement } from '@llamactl/server/main';
import { Command, Option } from 'commander';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { shellQuoted } from '../../format/shell-words.ts';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { causeOf } from '../input-file.ts';
import { localServer } from '../server/local-server.ts';
import { refuseServer } from '../server/own-machine.ts';
import { overridesOf, wordsOf } from '../server/serve-flags.ts';
import { Problem } from '../problem.ts';
import { engineLines, instanceChanges, restoreLines, salvageLines } from '../server/restore-lines.ts';
import type { Terminal } from '../screen/terminal.ts';
import { plain } from '../screen/text.ts';

interface RestoreFlags {
  accounts?: boolean;
  salvage?: boolean;
  dryRun?: boolean;
  configTo?: string;
  config?: string;
  dataDir?: string;
}

export function restoreCommand(commandLine: CommandLine): Command {
  return new Command('restore')
    .description('Restore the instances of a backup. Stop the server first. The current database is kept as a copy.')
    .argument('[file]', 'File from llamactl backup')
    .option('--dry-run', 'Show what would change, without changing it')
    .option('--accounts', 'Also restore accounts and keys; all users have to log in again')
    .option('--config-to <file>', 'Also write the configuration of the backup to a new file')
    .addOption(
      new Option('--salvage', 'Rebuild a damaged database from its readable parts, without a backup').conflicts([
        'accounts',
        'configTo',
      ]),
    )
    .option('--config <file>', 'Configuration file (default: as for llamactl serve)')
    .option('--data-dir <folder>', 'Data directory to restore to (data_dir)')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.local<RestoreFlags>(async (terminal, { words: [file], flags }, command) => {
        refuseServer(command);
        const { readConfig } = await import('@llamactl/server/main');
        const loaded = readConfig({
          configFile: flags.config ?? null,
          overrides: overridesOf(flags),
          searchLocal: true,
        });
        if (flags.salvage === true) {
          if (file !== undefined)
            throw new Problem('--salvage takes no file: it reads the current database', EXIT.usage);
          await salvage(terminal, loaded, flags);
        } else if (file === undefined) {
          throw new Problem('no backup given: llamactl restore <file>', EXIT.usage, [
            'without a backup, --salvage rebuilds a damaged database from its readable parts',
          ]);
        } else await restore(terminal, loaded, { ...flags, file: path.resolve(file) });
      }),
    );
}

async function restore(
  terminal: Terminal,
  loaded: LoadedConfig,
  flags: RestoreFlags & { file: string },
): Promise<void> {
  const { openRestore } = await import('@llamactl/server/main');
  const { file, accounts: withAccounts = false, dryRun: isDryRun = false, configTo } = flags;
  const opened = await openRestore(loaded, { file, withAccounts, isDryRun });
  await carryOut(
    terminal,
    loaded,
    { opened, isDryRun, start: startCommand(flags) },
    {
      lines: (prepared) => restoreLines(file, prepared),
      json: (prepared) => restoreJson(file, prepared),
      before: async (prepared) => {
        if (configTo !== undefined) await writeConfiguration(terminal, prepared, path.resolve(configTo), isDryRun);
      },
    },
  );
}

async function salvage(terminal: Terminal, loaded: LoadedConfig, flags: RestoreFlags): Promise<void> {
  const { openSalvage } = await import('@llamactl/server/main');
  const { dryRun: isDryRun = false } = flags;
  const opened = await openSalvage(loaded, { isDryRun });
  await carryOut(
    terminal,
    loaded,
    { opened, isDryRun, start: startCommand(flags) },
    {
      lines: salvageLines,
      json: ({ tables, instances }) => ({
        instances: instances.map(({ record }) => record.name),
        tables: tables.map(({ isIncomplete, ...table }) => ({ ...table, incomplete: isIncomplete })),
      }),
      before: async () => undefined,
    },
  );
}

interface Presentation<Prepared> {
  lines: (prepared: Prepared) => string[];
  json: (prepared: Prepared) => Record<string, unknown>;
  before: (prepared: Prepared) => Promise<void>;
}

/** Prints the plan, carries it out unless this is a dry run, and reports where the old data is kept. */
async function carryOut<Prepared>(
  terminal: Terminal,
  loaded: LoadedConfig,
  { opened, isDryRun, start }: { opened: Replacement<Prepared>; isDryRun: boolean; start: string },
  { lines, json, before }: Presentation<Prepared>,
): Promise<void> {
  const { prepared, engines } = opened;
  try {
    if (!terminal.isJson) {
      for (const line of [...lines(prepared), ...engineLines(engines)]) terminal.print(plain(line));
    }
    await before(prepared);
    const kept = isDryRun ? null : opened.apply();
    if (terminal.isJson) {
      terminal.printJson({ dry_run: isDryRun, ...json(prepared), engines: engines.map(engineJson), kept });
      return;
    }
    for (const line of isDryRun ? dryRunLines(loaded) : doneLines(kept, start)) terminal.note(line);
  } finally {
    opened.close();
  }
}

function dryRunLines({ config }: LoadedConfig): string[] {
  const server = localServer(config.data_dir);
  return [
    'nothing was changed',
    ...(server === null ? [] : [`a server is running (pid ${server.pid}): stop it first; its engines keep running`]),
  ];
}

/** The command that starts the server of the restored database, as a user types it. */
function startCommand({ config, dataDir }: RestoreFlags): string {
  const where = {
    ...(config === undefined ? {} : { config }),
    ...(dataDir === undefined ? {} : { dataDir }),
  };
  return ['llamactl', 'up', ...wordsOf(where)].map((word) => shellQuoted(word)).join(' ');
}

function doneLines(kept: string | null, start: string): string[] {
  return [...(kept === null ? [] : [`the previous database is kept as ${kept}`]), `done; start the server: ${start}`];
}

function restoreJson(file: string, prepared: PreparedRestore): Record<string, unknown> {
  const { mark, schema, lost, bringsAccounts, revived } = prepared;
  return {
    file,
    made_at: mark?.made_at ?? null,
    schema_version: schema,
    lost,
    instances: instanceChanges(prepared),
    accounts: bringsAccounts ? 'of the backup' : 'kept',
    revived: bringsAccounts ? revived : { accounts: [], keys: [] },
  };
}

function engineJson({ name, pids, fate }: EngineFate): Record<string, unknown> {
  return { instance: name, pids, fate };
}

async function writeConfiguration(
  terminal: Terminal,
  { mark }: PreparedRestore,
  file: string,
  isDryRun: boolean,
): Promise<void> {
  const configuration = mark?.configuration ?? null;
  if (configuration === null) throw new Problem('the backup contains no configuration', EXIT.failed);
  if (isDryRun) return;
  try {
    await writeFile(file, configuration.text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const isThere = codeOf(error) === 'EEXIST';
    throw new Problem(isThere ? `${file} already exists` : `cannot write ${file}: ${causeOf(error)}`, EXIT.failed);
  }
  terminal.note(`wrote ${file}, a copy of ${configuration.file}`);
}

const EXAMPLES = `
Restores the settings of instances, and whether they ran. Accounts, keys,
log-ins, the audit trail and events stay unchanged. If the current database
cannot be read, everything but log-ins comes from the backup. A running engine
that the backup knows keeps running.

Examples:
  llamactl restore --dry-run llamactl.db
  llamactl restore llamactl.db
  llamactl restore --accounts --config-to old.yaml llamactl.db
  llamactl restore --salvage`;

import type { EngineFate, LoadedConfig, PreparedRestore, Replacement } from '@llamactl/server/main';
import { Command, Option } from 'commander';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { causeOf } from '../input-file.ts';
import { localServer } from '../local-server.ts';
import { refuseServer } from '../own-machine.ts';
import { Problem } from '../problem.ts';
import { engineLines, instanceChanges, restoreLines, salvageLines } from '../restore-lines.ts';
import type { Terminal } from '../terminal.ts';
import { plain } from '../text.ts';

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
    .description('Put the instances of a backup back. The server has to be stopped first; what was there is kept.')
    .argument('[file]', 'what llamactl backup wrote')
    .option('--dry-run', 'only say what would become of instances and engines')
    .option('--accounts', 'accounts and keys of the backup, too; everybody has to log in again')
    .option('--config-to <file>', 'also write the configuration that is in the backup into a new file')
    .addOption(
      new Option('--salvage', 'no backup: put in place what can be read of a damaged database').conflicts([
        'accounts',
        'configTo',
      ]),
    )
    .option('--config <file>', 'configuration file (default: the one that llamactl serve would take here)')
    .option('--data-dir <folder>', 'where to (data_dir)')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.local<RestoreFlags>(async (terminal, { words: [file], flags }, command) => {
        refuseServer(command);
        const { readConfig } = await import('@llamactl/server/main');
        const overrides: Record<string, string> = flags.dataDir === undefined ? {} : { data_dir: flags.dataDir };
        const loaded = readConfig({ configFile: flags.config ?? null, overrides, searchLocal: true });
        if (flags.salvage === true) {
          if (file !== undefined) throw new Problem('--salvage takes no file: it reads the present one', EXIT.usage);
          await salvage(terminal, loaded, flags);
        } else if (file === undefined) {
          throw new Problem('which backup? llamactl restore <file>', EXIT.usage, [
            'without one, --salvage saves what can still be read of a damaged database',
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
    { opened, isDryRun },
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
    { opened, isDryRun },
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
  { opened, isDryRun }: { opened: Replacement<Prepared>; isDryRun: boolean },
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
    for (const line of isDryRun ? dryRunLines(loaded) : doneLines(kept)) terminal.note(line);
  } finally {
    opened.close();
  }
}

function dryRunLines({ config }: LoadedConfig): string[] {
  const server = localServer(config.data_dir);
  return [
    'nothing was changed',
    ...(server === null ? [] : [`a server runs (pid ${server.pid}): it has to be stopped first; its engines go on`]),
  ];
}

function doneLines(kept: string | null): string[] {
  return [
    ...(kept === null ? [] : [`what was there is kept as ${kept}`]),
    'done; the next start of the server takes it up: llamactl serve',
  ];
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
  if (configuration === null) throw new Problem('there is no configuration in the backup', EXIT.failed);
  if (isDryRun) return;
  try {
    await writeFile(file, configuration.text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new Problem(isThere ? `${file} is there already` : `cannot write ${file}: ${causeOf(error)}`, EXIT.failed);
  }
  terminal.note(`wrote ${file}, which was ${configuration.file}`);
}

const EXAMPLES = `
Instances come back as they were, with their settings and whether they ran.
Accounts, keys, log-ins, the audit trail and events stay as they are now, unless
the present database cannot be read: then all is that of the backup, but for
log-ins. An engine that runs and is known to the backup goes on.

Examples:
  llamactl restore --dry-run llamactl.db
  llamactl restore llamactl.db
  llamactl restore --accounts --config-to old.yaml llamactl.db
  llamactl restore --salvage`;

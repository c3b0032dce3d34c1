import { Command } from 'commander';
import { statSync } from 'node:fs';
import path from 'node:path';
import type { CommandLine } from '../command-line.ts';
import { bytes, count } from '../../format/figures.ts';
import { refuseServer } from '../server/own-machine.ts';
import { overridesOf } from '../server/serve-flags.ts';

interface BackupFlags {
  force?: boolean;
  config?: string;
  dataDir?: string;
}

export function backupCommand(commandLine: CommandLine): Command {
  return new Command('backup')
    .description(
      'Save everything that the server on this machine stores to one file: instances, accounts, keys, the audit trail, and the configuration. The server may keep running.',
    )
    .argument('[file]', 'Target file or folder (default: ./llamactl-<time>.db); readable only by you')
    .option('--force', 'Replace an existing file')
    .option('--config <file>', 'Configuration file (default: as for llamactl serve)')
    .option('--data-dir <folder>', 'Data directory to back up (data_dir)')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.local<BackupFlags>(async (terminal, { words, flags }, command) => {
        refuseServer(command);
        const { backUp, readConfig } = await import('@llamactl/server/main');
        const loaded = readConfig({
          configFile: flags.config ?? null,
          overrides: overridesOf(flags),
          searchLocal: true,
        });
        const file = placeOf(words[0], commandLine.surroundings.now());
        const made = backUp(loaded, { file, mayReplace: flags.force === true });
        const { rows } = made;
        const of = (table: string): number => rows.get(table) ?? 0;
        if (terminal.isJson) {
          terminal.printJson({
            file,
            bytes: made.bytes,
            made_at: made.madeAt,
            schema_version: made.schema,
            data_dir: loaded.config.data_dir,
            configuration: loaded.file,
            instances: of('instances'),
            accounts: of('users'),
            keys: of('keys'),
            audit_rows: of('audit'),
          });
          return;
        }
        terminal.print(file);
        const parts = [
          count(of('instances'), 'instance'),
          count(of('users'), 'account'),
          count(of('keys'), 'key'),
          loaded.file === null ? 'no configuration file' : `the configuration ${loaded.file}`,
        ];
        terminal.note(`${parts.join(', ')}; ${bytes(made.bytes)}, verified`);
        terminal.note('it contains secrets: the values in environment and in the configuration');
      }),
    );
}

/** The absolute path of the backup. A word with a slash at its end is a folder. @param now Milliseconds since the epoch. */
function placeOf(word: string | undefined, now: number): string {
  const name = `llamactl-${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z.db`;
  const place = path.resolve(word ?? '.');
  if (word?.endsWith('/')) return path.join(place, name);
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() === true ? path.join(place, name) : place;
}

const EXAMPLES = `
The backup has no models, engines or logs. The file is verified before it gets
its name. llamactl restore restores it, without its log-ins.

Examples:
  llamactl backup
  llamactl backup /mnt/backup/
  llamactl backup --force ~/llamactl.db`;

import { Command } from 'commander';
import { print } from '../output.ts';

export function versionCommand(): Command {
  return new Command('version').description('Print the version.').action(async () => {
    const { VERSION } = await import('@llamactl/server/main');
    print(`llamactl ${VERSION}`);
  });
}

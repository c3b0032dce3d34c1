import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The flags that the launcher gives to Node: what is tested and measured runs with them too. */
export function launcherFlags(): string[] {
  const launcher = readFileSync(path.join(import.meta.dirname, '..', 'llamactl'), 'utf8');
  const [, flags] = /^exec "\$node" (.+) "\$main"/m.exec(launcher) ?? [];
  if (flags === undefined) throw new Error('the launcher starts Node in a way that is not known here');
  return flags.split(' ');
}

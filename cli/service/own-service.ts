import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Inspection } from '@llamactl/server/main';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { Surroundings } from '../surroundings.ts';
import { LAUNCHD_LABEL } from './launchd-agent.ts';
import { LaunchdControl } from './launchd-control.ts';
import { userManagerEnvironment } from './managing-service.ts';
import type { ServiceControl } from './service-control.ts';
import { ServiceFile } from './service-file.ts';
import { SystemdControl } from './systemd-control.ts';
import { UNIT } from './systemd-unit.ts';

/** The service of this user or machine. @throws {Problem} when there is no supported manager */
export function ownService(
  { environment, home }: Pick<Surroundings, 'environment' | 'home'>,
  { isMachines, runTool }: { isMachines: boolean; runTool: Inspection['runTool'] },
): ServiceControl {
  const user = { name: os.userInfo().username, uid: process.getuid?.() ?? 0 };
  if (os.platform() === 'darwin') {
    if (isMachines) throw new Problem('--system is for systemd; on macOS, leave it out', EXIT.usage);
    const file = new ServiceFile(path.join(home, 'Library', 'LaunchAgents', `${LAUNCHD_LABEL}.plist`));
    return new LaunchdControl({ file, uid: user.uid, home, runTool });
  }
  const configuration = environment['XDG_CONFIG_HOME'] || path.join(home, '.config');
  const folder = isMachines ? '/etc/systemd/system' : path.join(configuration, 'systemd', 'user');
  return new SystemdControl(isMachines ? 'systemd' : 'systemd-user', {
    file: new ServiceFile(path.join(folder, UNIT)),
    user,
    runTool,
    environment: isMachines ? {} : userManagerEnvironment(user.uid),
    lingers: () => existsSync(path.join('/var/lib/systemd/linger', user.name)),
  });
}

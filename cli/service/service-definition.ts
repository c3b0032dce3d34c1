import path from 'node:path';
import { launchdAgent } from './launchd-agent.ts';
import { SERVICE_MANAGERS, type ServiceManager } from './service-manager.ts';
import { systemdUnit } from './systemd-unit.ts';

/** The input of a service definition. */
export interface ServiceFacts {
  /** The absolute path of the program, and for Node the arguments before ours. */
  program: readonly [string, ...string[]];
  /** Flags of `serve`. */
  serveFlags: readonly string[];
  /** The flags with which `reload` finds the server. */
  reloadFlags: readonly string[];
  /** `instances.stop_timeout`, in seconds. */
  stopTimeout: number;
  /** The user's PATH, for a service of their own. */
  searchPath: string;
  /** The user's home, absolute. */
  home: string;
}

/** Seconds for the end of a server after the stop of its engines. It takes less. */
const END_SECONDS = 30;

/** The content of the service file. */
export function serviceDefinition(manager: ServiceManager, facts: ServiceFacts): string {
  const parts = { ...facts, stopSeconds: Math.ceil(facts.stopTimeout) + END_SECONDS };
  return manager === 'launchd' ? launchdAgent(parts) : systemdUnit(parts, { isUsers: manager === 'systemd-user' });
}

/** The files in `packaging/`: definitions for a program that a package installed. */
export function packagedDefinitions(): { path: string; content: string }[] {
  const packaged: ServiceFacts = {
    program: ['/usr/bin/llamactl'],
    serveFlags: [],
    reloadFlags: [],
    stopTimeout: 30,
    searchPath: '/usr/local/bin:/usr/bin:/bin',
    home: '/Users/YOU',
  };
  const files = {
    systemd: 'systemd/system/llamactl.service',
    'systemd-user': 'systemd/user/llamactl.service',
    launchd: 'launchd/local.llamactl.plist',
  };
  return SERVICE_MANAGERS.map((manager) => ({
    path: path.join('packaging', files[manager]),
    content: serviceDefinition(manager, packaged),
  }));
}

import path from 'node:path';
import { launchdAgent } from './launchd-agent.ts';
import { SERVICE_MANAGERS, type ServiceManager } from './service-manager.ts';
import { systemdUnit } from './systemd-unit.ts';

/** What the definition of a service depends on. */
export interface ServiceFacts {
  /** The program, absolute, and what Node needs before our words, if it is Node. */
  program: readonly [string, ...string[]];
  /** Flags of `serve`. */
  serveFlags: readonly string[];
  /** Those of them by which `reload` finds the server. */
  reloadFlags: readonly string[];
  /** `instances.stop_timeout`, in seconds. */
  stopTimeout: number;
  /** Of whoever asks, for a service of their own. */
  searchPath: string;
  /** Theirs, absolute. */
  home: string;
}

/** More than anything at the end of a server takes, besides the engines. */
const END_SECONDS = 30;

/** The file that makes the server a service. */
export function serviceDefinition(manager: ServiceManager, facts: ServiceFacts): string {
  const parts = { ...facts, stopSeconds: Math.ceil(facts.stopTimeout) + END_SECONDS };
  return manager === 'launchd' ? launchdAgent(parts) : systemdUnit(parts, { isUsers: manager === 'systemd-user' });
}

/** What lies in `packaging/`: the definitions for a program that a package installed. */
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

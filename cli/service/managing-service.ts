import os from 'node:os';
import type { Inspection } from '@llamactl/server/main';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { readableFile } from '../readable-file.ts';
import { agentPid, LAUNCHD_LABEL } from './launchd-agent.ts';
import { UNIT } from './systemd-unit.ts';

/** A service that runs a server. */
export interface ManagingService {
  /** `llamactl.service`. */
  name: string;
  /** The command that stops it. */
  stop: readonly [program: string, ...words: string[]];
  /** Whether it belongs to the machine, so that stopping it takes root. */
  isMachines: boolean;
  /** The variables of {@link stop}. */
  environment: Record<string, string>;
}

/** Access to the service managers. */
export interface ManagerWorld {
  platform: NodeJS.Platform;
  /** Our user. */
  uid: number;
  /** Content of `/proc/PID/cgroup`; `null`: no such file. */
  groups: (pid: number) => string | null;
  /** Content of `/proc/PID/cmdline`; `null`: no such file. */
  command: (pid: number) => string | null;
  runTool: Inspection['runTool'];
}

/** The real machine. */
export function managerWorld(runTool: Inspection['runTool']): ManagerWorld {
  return {
    platform: os.platform(),
    uid: process.getuid?.() ?? 0,
    groups: (pid) => readableFile(`/proc/${pid}/cgroup`),
    command: (pid) => readableFile(`/proc/${pid}/cmdline`),
    runTool,
  };
}

const TIMEOUT_MS = 5_000;
/** Longest wait for the stop of a service. With `--stop-engines`, the stop waits for the engines. */
const STOP_TIMEOUT_MS = 3_600_000;
/** The name that a server gives to its process. */
const TITLE = /^llamactl serve/;

/** Finds the service that runs a server; `null`: it was started by hand. @param pid Of the server. */
export async function managingService(pid: number, world: ManagerWorld): Promise<ManagingService | null> {
  return world.platform === 'darwin' ? launchdService(pid, world) : systemdService(pid, world);
}

/** Stops the service with its manager. @throws {Problem} with the command, when the manager refuses */
export async function stopService(
  { name, stop: [program, ...words], isMachines, environment }: ManagingService,
  { runTool, uid }: Pick<ManagerWorld, 'runTool' | 'uid'>,
): Promise<void> {
  const { code, stderr } = await runTool(program, words, { timeoutMs: STOP_TIMEOUT_MS, environment });
  if (code === 0) return;
  const command = [program, ...words.filter((word) => word !== NEVER_ASK)].join(' ');
  const reason = stderr.trim().split('\n')[0] ?? '';
  throw new Problem(
    `${name} runs the server, and its manager refused to stop it${reason === '' ? '' : `: ${reason}`}`,
    isMachines && uid !== 0 ? EXIT.notAllowed : EXIT.failed,
    [`${isMachines && uid !== 0 ? 'sudo ' : ''}${command}`],
  );
}

/** Refuse instead of asking for a password. */
const NEVER_ASK = '--no-ask-password';

async function systemdService(pid: number, world: ManagerWorld): Promise<ManagingService | null> {
  const { systemdPlaceIn } = await import('@llamactl/server/main');
  const { unit, uid } = systemdPlaceIn(world.groups(pid)) ?? { unit: null, uid: null };
  if (unit === null) return null;
  const environment = uid === null ? {} : userManagerEnvironment(uid);
  const whose = uid === null ? [] : ['--user'];
  const show = [...whose, 'show', '--property=MainPID', '--value', unit];
  const shown = await world.runTool('systemctl', show, { timeoutMs: TIMEOUT_MS, environment }).catch(() => null);
  const main = Number(shown?.code === 0 ? shown.stdout.trim() : 0);
  // A server in the background stays in the group of the service that started it, such as cron's.
  const isItsServer = main === pid || (main > 0 && TITLE.test(world.command(main) ?? ''));
  if (!isItsServer) return null;
  return {
    name: unit,
    stop: ['systemctl', NEVER_ASK, ...whose, 'stop', unit],
    isMachines: uid === null,
    environment,
  };
}

/** The variables with which `systemctl --user` finds the manager of a user, also without a log-in. */
export function userManagerEnvironment(uid: number): Record<string, string> {
  const own = uid === process.getuid?.() ? process.env['XDG_RUNTIME_DIR'] : undefined;
  return { XDG_RUNTIME_DIR: own ?? `/run/user/${uid}` };
}

/**
 * The command that stops the machine's service; `null`: that service does not run. Its server has a data directory of
 * its own, which other users often cannot see.
 */
export async function machinesStop({ platform, uid, runTool }: ManagerWorld): Promise<string | null> {
  if (platform === 'darwin') return null;
  const show = ['show', '--property=ActiveState', '--value', UNIT];
  const shown = await runTool('systemctl', show, { timeoutMs: TIMEOUT_MS }).catch(() => null);
  if (shown?.code !== 0 || shown.stdout.trim() !== 'active') return null;
  return `${uid === 0 ? '' : 'sudo '}systemctl stop ${UNIT}`;
}

async function launchdService(pid: number, { runTool, uid }: ManagerWorld): Promise<ManagingService | null> {
  const target = `gui/${uid}/${LAUNCHD_LABEL}`;
  const shown = await runTool('launchctl', ['print', target], { timeoutMs: TIMEOUT_MS }).catch(() => null);
  if (shown?.code !== 0 || agentPid(shown.stdout) !== pid) return null;
  return { name: LAUNCHD_LABEL, stop: ['launchctl', 'bootout', target], isMachines: false, environment: {} };
}

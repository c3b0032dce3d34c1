import { phrase } from '@llamactl/contract/phrases';
import { codeOf } from '@llamactl/contract/reason';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Inspection } from '../inspection.ts';
import { readProc } from '../supervisor/proc-file.ts';
import { systemdPlaceIn, type SystemdPlace } from '../service/systemd-place.ts';
import { step } from '../instances/why/step.ts';
import { byCommand, doubtful, withPhrases, well, type Finding } from './finding.ts';

/** Access to facts about systemd and its users. */
export interface ServiceWorld {
  /** Content of `/proc/PID/cgroup`; `null`: no such file. */
  groups: (pid: number) => string | null;
  /** Whether a user's services run without a log-in. */
  lingers: (user: string) => boolean;
  isThere: (file: string) => boolean;
  runTool: Inspection['runTool'];
  /** Our user; `null`: the system does not know it, as in some containers. */
  user: { name: string; uid: number; home: string } | null;
}

/** The real machine. */
export function serviceWorld(runTool: Inspection['runTool']): ServiceWorld {
  return {
    groups: (pid) => procText(`/proc/${pid}/cgroup`),
    lingers: (name) => existsSync(path.join('/var/lib/systemd/linger', name)),
    isThere: existsSync,
    runTool,
    user: ownUser(),
  };
}

/** `null`: it does not exist, or this user may not read it. */
function procText(file: string): string | null {
  const read = readProc(file);
  return typeof read === 'string' ? null : read.toString();
}

function ownUser(): ServiceWorld['user'] {
  try {
    const { username: name, uid, homedir: home } = os.userInfo();
    return { name, uid, home };
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}

const CHECK = 'service';
const TIMEOUT_MS = 5_000;

/** Whether the server's service keeps engines running. @param pid Of the server; `null`: none runs */
export async function checkService(pid: number | null, world: ServiceWorld): Promise<Finding[]> {
  const { user, isThere } = world;
  if (pid === null) {
    if (user === null) return [];
    const unit = path.join(user.home, '.config', 'systemd', 'user', 'llamactl.service');
    return isThere(unit) ? lingering(user.uid, unit, world) : [];
  }
  const place = systemdPlaceIn(world.groups(pid));
  if (place === null) return [];
  const { unit, uid } = place;
  const findings = [...(await killing(place, world)), ...lingering(uid, 'the server', world)];
  if (findings.length > 0) return findings;
  if (unit === null) return [well(CHECK, 'none; the server was started by hand', phrase('service_none'))];
  return [well(CHECK, `${unit} of ${uid === null ? 'the machine' : 'a user'}; engines outlive the server`)];
}

async function killing({ unit, uid }: SystemdPlace, { runTool }: ServiceWorld): Promise<Finding[]> {
  if (unit === null) return [];
  const whose = uid === null ? [] : ['--user'];
  const environment: Record<string, string> = uid === null ? {} : { XDG_RUNTIME_DIR: `/run/user/${uid}` };
  const words = [...whose, 'show', '--property=KillMode', '--value', unit];
  // Without an answer there is no finding.
  const shown = await runTool('systemctl', words, { timeoutMs: TIMEOUT_MS, environment }).catch(() => null);
  const mode = shown?.code === 0 ? shown.stdout.trim() : '';
  if (mode === '' || mode === 'process' || mode === 'none') return [];
  const finding = doubtful(
    CHECK,
    `${unit} kills all engines whenever the server stops or restarts (KillMode=${mode})`,
    byCommand(
      step('set_kill_mode', 'Set KillMode=process in its [Service] section, then'),
      `systemctl ${[...whose, 'daemon-reload'].join(' ')}`,
    ),
    byCommand(
      step('use_complete_unit', 'Or use a complete unit'),
      `llamactl serve --print-unit ${uid === null ? 'systemd' : 'systemd-user'}`,
    ),
  );
  return [withPhrases(finding, phrase('service_kills_engines', { unit, mode }))];
}

/** @param what The thing that depends on lingering. */
function lingering(uid: number | null, what: string, { user, lingers }: ServiceWorld): Finding[] {
  if (uid === null || user === null || uid !== user.uid || lingers(user.name)) return [];
  const finding = doubtful(
    CHECK,
    `${what} runs only while ${user.name} is logged in: it starts at the first log-in, and after the last logout systemd kills it and all engines`,
    byCommand(step('keep_services_running', 'Keep its services running'), `loginctl enable-linger ${user.name}`),
  );
  return [withPhrases(finding, phrase('service_ends_at_logout', { user: user.name }))];
}

import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { CommandResult } from './command-line.ts';

const SYSTEMD = ['/lib/systemd/systemd', '/usr/lib/systemd/systemd'].find((file) => existsSync(file));
/** What services depend on when they say nothing; a machine has far more behind these names. */
const TARGETS = ['sysinit', 'basic', 'multi-user', 'shutdown', 'network', 'network-online', 'remote-fs'];

/** The program that enters namespaces. */
const ENTER = 'nsenter';
/** Where packages put units. */
const PACKAGED_UNITS = '/usr/lib/systemd/system';
/** `XDG_RUNTIME_DIR` of root. */
const USER_RUNTIME = '/run/user/0';

/** Why no {@link SystemdMachine} can be had here; `null`: it can. */
export function whyNoSystemd(): string | null {
  if (process.platform !== 'linux' || SYSTEMD === undefined) return 'there is no systemd';
  if (process.getuid?.() !== 0) return 'only root can run one in namespaces';
  if (cgroupRoot() === undefined) return 'there is no cgroup2 to be had';
  const tried = spawnSync('unshare', ['--mount', '--pid', '--cgroup', '--uts', '--ipc', '--fork', 'true']);
  return tried.status === 0 ? null : 'namespaces cannot be made';
}

/** Nothing that a machine writes into these folders stays. */
const FRESH_FILES = `
      for folder in /run /var/lib; do mount -t tmpfs tmpfs $folder; done
      cp -a /etc /run/etc
      rm -rf /run/etc/systemd/system
      mkdir /run/etc/systemd/system
      mount --bind /run/etc /etc`;

/** The first boot hides this machine's own units. */
function keptFiles(disk: string): string {
  return `
      ${overlays(disk)}
      mount -t tmpfs tmpfs /run
      if ! [ -e ${disk}/units ]; then
        rm -rf /etc/systemd/system
        mkdir /etc/systemd/system ${disk}/units
      fi
      mount --bind ${disk}/units ${PACKAGED_UNITS}`;
}

/** Commands of a shell in a mount namespace of its own, after which changes of `/etc`, `/usr` and `/var` go to a disk. */
export function overlays(disk: string): string {
  return `for name in etc usr var; do
        mkdir -p ${disk}/$name ${disk}/work/$name
        mount -t overlay overlay -o lowerdir=/$name,upperdir=${disk}/$name,workdir=${disk}/work/$name /$name
      done`;
}

function cgroupRoot(): string | undefined {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((mount) => / - cgroup2 \S+ rw/.test(mount));
  return line?.split(' ')[4];
}

/**
 * A systemd of its own in namespaces of its own: the same files and network, but nothing of this machine's processes. It has a copy
 * of `/etc` without units, which a test may change; with a disk, `/usr` and `/var` too.
 */
export class SystemdMachine {
  readonly #group: string;
  readonly #child: ChildProcess;
  readonly #init: number;
  readonly #units: string;

  private constructor(group: string, child: ChildProcess, init: number, units: string) {
    this.#units = units;
    this.#group = group;
    this.#child = child;
    this.#init = init;
  }

  /**
   * @param folder An empty one: `units` in it and `/etc/systemd/system` in the machine have all units.
   * @param disk A folder that keeps changes of `/etc`, `/usr` and `/var`, also for the next boot. Units of packages count.
   */
  static async boot(folder: string, disk?: string): Promise<SystemdMachine> {
    const units = path.join(folder, 'units');
    mkdirSync(units, { recursive: true });
    for (const target of TARGETS)
      writeFileSync(path.join(units, `${target}.target`), '[Unit]\nDefaultDependencies=no\n');
    const group = path.join(cgroupRoot() ?? '', `llamactl-e2e-${process.pid}`);
    mkdirSync(group);
    const script = `
      set -e
      mount --make-rprivate /
      ${disk === undefined ? FRESH_FILES : keptFiles(disk)}
      mount -t proc proc /proc
      mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys
      umount -R /sys/fs/cgroup
      mount -t cgroup2 cgroup2 /sys/fs/cgroup
      exec ${SYSTEMD} --system --unit=multi-user.target --log-target=console --show-status=no`;
    const unshare = 'unshare --mount --pid --cgroup --uts --ipc --fork --kill-child';
    const searched = ['/etc/systemd/system', ...(disk === undefined ? [] : [PACKAGED_UNITS])];
    const child = spawn('sh', ['-c', `echo $$ > ${group}/cgroup.procs; exec ${unshare} sh -c "$1"`, 'sh', script], {
      env: { PATH: process.env['PATH'] ?? '', container: 'other', SYSTEMD_UNIT_PATH: [units, ...searched].join(':') },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    for (;;) {
      if (child.exitCode !== null) throw new Error(`systemd did not come up: ${said}`);
      const [init] = childrenOf(child.pid ?? 0);
      const machine = init === undefined ? null : new SystemdMachine(group, child, init, units);
      if ((await machine?.isUp()) === true && machine !== null) return machine;
      await pause(50);
    }
  }

  async isUp(): Promise<boolean> {
    return (await this.run('systemctl', 'is-system-running').catch(() => '')) === 'running';
  }

  /** Runs a command in there, to its end. @returns what it printed */
  async run(...command: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(ENTER, [...this.#where, ...command], {
      env: { ...process.env, XDG_RUNTIME_DIR: USER_RUNTIME },
    });
    return stdout.trim();
  }

  /** Runs a command in there, whatever its exit status. */
  async result(command: string, ...words: string[]): Promise<CommandResult> {
    const child = spawn(ENTER, [...this.#where, command, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    const result: CommandResult = { status: null, stdout: '', stderr: '' };
    child.stdout.on('data', (text: Buffer) => (result.stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (result.stderr += text.toString()));
    await once(child, 'close');
    return { ...result, status: child.exitCode };
  }

  get #where(): string[] {
    return ['--target', String(this.#init), '--mount', '--pid', '--cgroup', '--uts', '--ipc'];
  }

  /** A property of a service. */
  async show(service: string, property: string): Promise<string> {
    return this.run('systemctl', 'show', service, '--value', '--property', property);
  }

  /** Starts the manager of root's own services. @param home Root's home directory for them. */
  async startUserManager(home: string): Promise<void> {
    const unit = `[Service]
Type=notify
ExecStartPre=mkdir --parents --mode=700 ${USER_RUNTIME}
ExecStart=${SYSTEMD} --user
Environment=HOME=${home} XDG_RUNTIME_DIR=${USER_RUNTIME}
Delegate=yes
KillMode=mixed
`;
    writeFileSync(path.join(this.#units, 'user@0.service'), unit);
    await this.run('systemctl', 'daemon-reload');
    await this.run('systemctl', 'start', 'user@0.service');
  }

  async dispose(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'exit');
      // With the first process of its namespace all others end.
      process.kill(this.#init, 'SIGKILL');
      await gone;
    }
    for (let tries = 0; existsSync(this.#group); tries += 1) {
      try {
        removeGroup(this.#group);
      } catch (error) {
        // Its last processes are still being taken apart.
        if (tries > 100) throw error;
        await pause(20);
      }
    }
  }
}

function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number) : [];
}

function removeGroup(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(path.join(group, entry.name));
  }
  rmdirSync(group);
}

import { reasonOf } from '@llamactl/contract/reason';
import type { Inspection } from '@llamactl/server/main';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { ServiceControl, ServiceState } from './service-control.ts';
import type { ServiceFile } from './service-file.ts';
import { UNIT } from './systemd-unit.ts';

type Tool = Awaited<ReturnType<Inspection['runTool']>>;

/** A service of systemd: the machine's, or a user's own. */
export interface SystemdParts {
  file: ServiceFile;
  /** Our user. */
  user: { name: string; uid: number };
  runTool: Inspection['runTool'];
  /** The variables with which `systemctl --user` finds its manager. */
  environment: Record<string, string>;
  /** Whether services of our user run without a log-in. */
  lingers: () => boolean;
}

/** The user of the machine's service, as its unit names it. */
const SERVICE_USER = 'llamactl';
/** Groups that may use GPUs. */
const GPU_GROUPS = ['video', 'render'];
const TIMEOUT_MS = 15_000;
/** Longer than `TimeoutStartSec` of the unit, and than most stops. */
const CHANGE_TIMEOUT_MS = 600_000;

export class SystemdControl implements ServiceControl {
  readonly manager: 'systemd' | 'systemd-user';
  readonly file: ServiceFile;
  readonly #parts: SystemdParts;

  constructor(manager: 'systemd' | 'systemd-user', parts: SystemdParts) {
    this.manager = manager;
    this.file = parts.file;
    this.#parts = parts;
  }

  get #isUsers(): boolean {
    return this.manager === 'systemd-user';
  }

  get logCommand(): string {
    return this.#isUsers ? 'journalctl --user --unit llamactl' : 'journalctl --unit llamactl';
  }

  async assertUsable(): Promise<void> {
    const { uid, name } = this.#parts.user;
    if (!this.#isUsers && uid !== 0) {
      throw new Problem('a service of the machine needs root', EXIT.notAllowed, [
        'run the same command with sudo, or leave out --system for a service of your own',
      ]);
    }
    const without = 'without systemd: llamactl up starts a server in the background';
    const { code, stderr } = await this.#systemctl(['show', '--property=Version'], TIMEOUT_MS).catch(
      (error: unknown) => {
        throw new Problem(`systemd cannot be used: ${reasonOf(error)}`, EXIT.failed, [without]);
      },
    );
    if (code === 0) return;
    throw new Problem(
      `the systemd of ${this.#isUsers ? name : 'the machine'} does not answer: ${firstLine(stderr)}`,
      EXIT.failed,
      [
        ...(this.#isUsers ? [`it runs for users who logged in, or after: sudo loginctl enable-linger ${name}`] : []),
        without,
      ],
    );
  }

  async state(): Promise<ServiceState> {
    const names = 'UnitFileState,ActiveState,MainPID,StatusText';
    const { stdout } = await this.#systemctl(['show', `--property=${names}`, UNIT], TIMEOUT_MS);
    const shown = new Map(stdout.split('\n').map((line) => [line.split('=')[0] ?? '', line.replace(/^[^=]*=/, '')]));
    const pid = Number(shown.get('MainPID') ?? 0);
    return {
      isEnabled: shown.get('UnitFileState') === 'enabled',
      isActive: ['active', 'reloading'].includes(shown.get('ActiveState') ?? ''),
      pid: pid > 0 ? pid : null,
      message: shown.get('StatusText') || null,
      lingers: this.#isUsers ? this.#parts.lingers() : null,
    };
  }

  async activate(isChanged: boolean): Promise<string[]> {
    const notes = this.#isUsers ? [] : await this.#addUser();
    await this.#change('daemon-reload');
    await this.#change('enable', UNIT);
    const { isActive } = await this.state();
    if (!isActive || isChanged) {
      const { code, stderr } = await this.#systemctl([isActive ? 'restart' : 'start', UNIT], CHANGE_TIMEOUT_MS);
      if (code !== 0) {
        throw new Problem(`${UNIT} did not start: ${firstLine(stderr)}`, EXIT.failed, [
          `its log: ${this.logCommand} --lines 20`,
          'systemd tries again; to give up: llamactl service uninstall',
        ]);
      }
    }
    return this.#isUsers ? [...notes, ...(await this.#linger())] : notes;
  }

  async remove(): Promise<void> {
    await this.#change('disable', '--now', UNIT);
    this.file.remove();
    await this.#change('daemon-reload');
    // Forgets a failed start. Any status is fine: most units have nothing to forget.
    await this.#systemctl(['reset-failed', UNIT], TIMEOUT_MS);
  }

  /** Lets the services of our user run without a log-in. @returns a note */
  async #linger(): Promise<string[]> {
    const { lingers, user, runTool, environment } = this.#parts;
    if (lingers()) return [];
    const words = ['--no-ask-password', 'enable-linger', user.name];
    const result = await runTool('loginctl', words, { timeoutMs: TIMEOUT_MS, environment }).catch(() => null);
    if (result?.code === 0) return [`services of ${user.name} now run without a log-in`];
    return [`it runs only while ${user.name} is logged in; to change that: sudo loginctl enable-linger ${user.name}`];
  }

  /** Creates the user of the machine's service, unless it exists. @returns a note */
  async #addUser(): Promise<string[]> {
    const exists = async (database: string, name: string): Promise<boolean> =>
      (await this.#run('getent', [database, name])).code === 0;
    if (await exists('passwd', SERVICE_USER)) return [];
    const home = ['--home-dir', '/var/lib/llamactl', '--shell', '/usr/sbin/nologin'];
    const { code, stderr } = await this.#run('useradd', ['--system', ...home, SERVICE_USER]);
    if (code !== 0) throw new Problem(`the user ${SERVICE_USER} was not created: ${firstLine(stderr)}`, EXIT.failed);
    const groups: string[] = [];
    for (const group of GPU_GROUPS) if (await exists('group', group)) groups.push(group);
    if (groups.length > 0) await this.#run('usermod', ['--append', '--groups', groups.join(','), SERVICE_USER]);
    return [`created the user ${SERVICE_USER}, as which the server and its engines run`];
  }

  /** @throws {Problem} when systemd refuses */
  async #change(...words: string[]): Promise<void> {
    const { code, stderr } = await this.#systemctl(words, CHANGE_TIMEOUT_MS);
    if (code !== 0) throw new Problem(`systemctl ${words.join(' ')} failed: ${firstLine(stderr)}`, EXIT.failed);
  }

  async #systemctl(words: readonly string[], timeoutMs: number): Promise<Tool> {
    const whose = this.#isUsers ? ['--user'] : [];
    const { runTool, environment } = this.#parts;
    return runTool('systemctl', ['--no-ask-password', ...whose, ...words], { timeoutMs, environment });
  }

  async #run(command: string, words: readonly string[]): Promise<Tool> {
    return this.#parts.runTool(command, words, { timeoutMs: TIMEOUT_MS });
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] || 'no reason was given';
}

import type { Inspection } from '@llamactl/server/main';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { agentPid, LAUNCHD_LABEL } from './launchd-agent.ts';
import type { ServiceControl, ServiceState } from './service-control.ts';
import type { ServiceFile } from './service-file.ts';

/** An agent of launchd. */
export interface LaunchdParts {
  file: ServiceFile;
  /** Our user. */
  uid: number;
  /** Absolute. */
  home: string;
  runTool: Inspection['runTool'];
}

const TIMEOUT_MS = 60_000;

/** Never tried on a Mac: its tests replace launchctl. */
export class LaunchdControl implements ServiceControl {
  readonly manager = 'launchd';
  readonly file: ServiceFile;
  readonly logCommand: string;
  readonly #parts: LaunchdParts;

  constructor(parts: LaunchdParts) {
    this.file = parts.file;
    this.logCommand = `tail ${parts.home}/Library/Logs/llamactl.log`;
    this.#parts = parts;
  }

  get #domain(): string {
    return `gui/${this.#parts.uid}`;
  }

  get #target(): string {
    return `${this.#domain}/${LAUNCHD_LABEL}`;
  }

  async assertUsable(): Promise<void> {
    const { code } = await this.#launchctl('print', this.#domain);
    if (code === 0) return;
    throw new Problem('launchd has no session of this user', EXIT.failed, [
      'log in at the screen of the Mac; or start a server in the background: llamactl up',
    ]);
  }

  async state(): Promise<ServiceState> {
    const { code, stdout } = await this.#launchctl('print', this.#target);
    const pid = agentPid(stdout);
    const isLoaded = code === 0;
    return {
      isEnabled: isLoaded,
      isActive: isLoaded && pid !== null,
      pid,
      message: null,
      lingers: false,
    };
  }

  async activate(isChanged: boolean): Promise<string[]> {
    const { isEnabled } = await this.state();
    if (isEnabled && !isChanged) return [];
    if (isEnabled) await this.#launchctl('bootout', this.#target);
    const { code, stderr } = await this.#launchctl('bootstrap', this.#domain, this.file.path);
    if (code !== 0) throw new Problem(`launchd refused the agent: ${stderr.trim()}`, EXIT.failed);
    return ['it runs while you are logged in'];
  }

  async remove(): Promise<void> {
    // Fails if it is not loaded, which is the goal.
    await this.#launchctl('bootout', this.#target);
    this.file.remove();
  }

  async #launchctl(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return this.#parts.runTool('launchctl', words, { timeoutMs: TIMEOUT_MS });
  }
}

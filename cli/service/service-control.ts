import type { ServiceFile } from './service-file.ts';
import type { ServiceManager } from './service-manager.ts';

/** A service as its manager reports it. */
export interface ServiceState {
  /** Whether it starts by itself: at the boot of the machine, or at a log-in. */
  isEnabled: boolean;
  isActive: boolean;
  /** Of the server; `null`: it does not run. */
  pid: number | null;
  /** The last message of the server, such as its address; `null`: none. */
  message: string | null;
  /** Whether it runs without a log-in of its user; `null`: it needs none, or this is unknown. */
  lingers: boolean | null;
}

/** One service manager, for one service: llamactl. */
export interface ServiceControl {
  readonly manager: ServiceManager;
  readonly file: ServiceFile;
  /** The command that shows the log of the server. */
  readonly logCommand: string;
  /** @throws {Problem} when the manager does not answer, or does not let this user change services */
  assertUsable(): Promise<void>;
  state(): Promise<ServiceState>;
  /**
   * Makes the service run now, and from now on by itself. Resolves when the server listens, as far as the manager knows.
   *
   * @param isChanged Whether the file is new or changed. A running server then restarts.
   * @returns notes for people
   * @throws {Problem} when it did not start
   */
  activate(isChanged: boolean): Promise<string[]>;
  /** Stops the service, and removes it with its file. */
  remove(): Promise<void>;
}

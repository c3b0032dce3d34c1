import type { StartObstacle } from '@llamactl/contract/health';
import type { Mailbox } from './life/mailbox.ts';
import { noRoom } from './refusals.ts';
import type { LookDepth, RefusedStarts } from './refused-starts.ts';
import type { Registry } from './registry.ts';
import type { MemoryAdmission } from './slots/memory-admission.ts';
import type { StartCheck } from './start-check.ts';

export interface StoppedLookDependencies {
  registry: Pick<Registry, 'find' | 'open'>;
  startCheck: Pick<StartCheck, 'obstacle'>;
  refusedStarts: Pick<RefusedStarts, 'foresaw'>;
  /** `null`: memory limits no start. */
  memory: Pick<MemoryAdmission, 'outlook'> | null;
  onFault: (error: unknown, what: string) => void;
}

/**
 * Finds the stopped instances that cannot start, without a start: after a restart of llamactl no start was refused, and
 * files come and go.
 */
export class StoppedLook {
  readonly #dependencies: StoppedLookDependencies;

  constructor(dependencies: StoppedLookDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Looks at one instance after the other, because nothing waits for the result. Never rejects.
   *
   * @param only Name of the only instance to look at; default: all.
   * @returns whether a row has changed
   */
  async look(depth: LookDepth, only?: string): Promise<boolean> {
    const { registry } = this.#dependencies;
    if (only !== undefined) {
      const mailbox = registry.find(only);
      return mailbox !== null && !mailbox.isClosed && this.#lookAt(mailbox, depth);
    }
    let hasChanged = false;
    for (const mailbox of registry.open()) {
      if (await this.#lookAt(mailbox, depth)) hasChanged = true;
    }
    return hasChanged;
  }

  async #lookAt(mailbox: Mailbox, depth: LookDepth): Promise<boolean> {
    const { record, state } = mailbox;
    if (state.status !== 'stopped') return false;
    try {
      const obstacle = await this.#obstacle(mailbox, depth);
      // A change or a start makes the result out of date.
      if (mailbox.record !== record || mailbox.state !== state) return false;
      return this.#dependencies.refusedStarts.foresaw(mailbox, obstacle, depth);
    } catch (error) {
      this.#dependencies.onFault(error, `whether ${record.name} can start`);
      return false;
    }
  }

  async #obstacle(mailbox: Mailbox, depth: LookDepth): Promise<StartObstacle | null> {
    const { startCheck, memory } = this.#dependencies;
    const found = await startCheck.obstacle(mailbox);
    if (found !== null || memory === null || depth === 'files') return found;
    const shortage = await memory.outlook(mailbox.record);
    if (shortage === null) return null;
    return { code: 'DOES_NOT_FIT', message: noRoom(mailbox.record.name, shortage, 409).message };
  }
}

import type { RefusedStarts } from './refused-starts.ts';
import type { Registry } from './registry.ts';
import type { MemoryAdmission } from './slots/memory-admission.ts';
import type { Scheduler } from './slots/scheduler.ts';

export interface FreedStartsDependencies {
  registry: Pick<Registry, 'open'>;
  scheduler: Pick<Scheduler, 'obstacle'>;
  /** `null`: memory limits no start. */
  memory: Pick<MemoryAdmission, 'ease'> | null;
  refusedStarts: Pick<RefusedStarts, 'of' | 'freed'>;
}

/** The result of a look at the starts that were refused for a slot or memory. */
export interface FreedLook {
  /** Whether a row of lists has changed. */
  hasChanged: boolean;
  /** Whether others are still without a slot or memory. */
  isLeft: boolean;
}

/** Forgets that starts were refused because no slot or memory was free, once it is free. */
export class FreedStarts {
  readonly #dependencies: FreedStartsDependencies;

  constructor(dependencies: FreedStartsDependencies) {
    this.#dependencies = dependencies;
  }

  look(): FreedLook {
    const { registry, refusedStarts } = this.#dependencies;
    const refused = registry.open().filter((mailbox) => refusedStarts.of(mailbox)?.code === 'CAPACITY_EXCEEDED');
    const freed = refused.filter(({ record }) => this.#isFree(record.id));
    for (const { record } of freed) refusedStarts.freed(record.id);
    return { hasChanged: freed.length > 0, isLeft: freed.length < refused.length };
  }

  /** Whether the start that was refused would now have a slot at once. */
  #isFree(id: string): boolean {
    const { scheduler, memory } = this.#dependencies;
    memory?.ease(id, true);
    const obstacle = scheduler.obstacle(id);
    memory?.ease(id, false);
    return obstacle === null;
  }
}

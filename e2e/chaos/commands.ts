import type { Api } from './api.ts';
import type { Step } from './plan.ts';
import type { Troubles } from './troubles.ts';

type CommandStep = Step & { kind: 'start' | 'stop' | 'restart' | 'start all' | 'stop all' };

/** What is asked of instances beside their settings. */
export class Commands {
  readonly #api: Api;
  readonly #troubles: Troubles;

  constructor(api: Api, troubles: Troubles) {
    this.#api = api;
    this.#troubles = troubles;
  }

  async take(step: CommandStep): Promise<void> {
    const trouble = this.#troubles.begin('instance', 'name' in step ? step.name : null);
    const reply = await this.#api.call({ method: 'POST', ...requestOf(step) }, step.kind);
    this.#troubles.end(trouble);
    if (reply.end === 'answered' && reply.status !== 200) this.#api.refused(reply, step.kind);
  }
}

function requestOf(step: CommandStep): { path: string; body?: unknown } {
  switch (step.kind) {
    case 'start':
      return { path: `/api/instances/${step.name}/start${step.waits ? '?wait=true' : ''}` };
    case 'stop':
    case 'restart':
      return { path: `/api/instances/${step.name}/${step.kind}`, body: step.terms };
    case 'start all':
      return { path: '/api/instances/start-all' };
    case 'stop all':
      return { path: '/api/instances/stop-all' };
  }
}

import type { EngineOption, EngineOptionList, InstalledEngine, Parsed } from '@llamactl/contract/engine';
import type { OptionValue } from '@llamactl/contract/instance';
import type {
  EngineAdapter,
  Engines,
  Offload,
  Served,
  Serving,
  SettingsProblem,
  StartProblem,
} from '../instances/ports/engine-adapter.ts';
import type { EngineEndpoint, EngineTarget, ProbeResult } from '../instances/ports/engine-endpoint.ts';
import type { FittedProjection } from '../instances/ports/memory-projection.ts';
import type { InstanceRecord, Settings } from '../instances/ports/instance-record.ts';
import type { Exit, LaunchPlan } from '../instances/ports/runs.ts';

const PROGRAM = '/fake/engine';

/** An engine adapter without a program. A test sets the problems that it finds. */
export class FakeEngineAdapter implements EngineAdapter {
  needsModel = true;
  /** Problems that `check` returns besides those of every engine. */
  problems: SettingsProblem[] = [];
  warnings: string[] = [];
  /** The problem that `preflight` returns. */
  startProblem: StartProblem | null = null;
  /** Pairs of option names that are twins. */
  twins: [string, string][] = [
    ['context_size', 'ctx_size'],
    ['gpu_layers', 'n_gpu_layers'],
  ];

  check({ environment }: Settings): Promise<{ problems: SettingsProblem[]; warnings: string[] }> {
    const reserved = Object.keys(environment).filter((name) => name.startsWith('LLAMACTL_'));
    return Promise.resolve({
      problems: [
        ...reserved.map((name) => ({
          code: 'RESERVED_OPTION' as const,
          path: `environment.${name}`,
          message: 'is set by llamactl',
        })),
        ...this.problems,
      ],
      warnings: this.warnings,
    });
  }

  /** The options that `options` returns. */
  optionList: EngineOption[] = [];

  options(): Promise<EngineOptionList> {
    return Promise.resolve({ options: this.optionList, problem: null });
  }

  installed(): Promise<InstalledEngine> {
    return Promise.resolve({ program: PROGRAM, version: '1', problem: null, devices: [] });
  }

  withoutTwins({ options: stored }: Settings, given: readonly string[]): Record<string, OptionValue> {
    const isGiven = (name: string): boolean => given.includes(name);
    const isReplaced = (key: string): boolean =>
      this.twins.some(([one, other]) => (key === one && isGiven(other)) || (key === other && isGiven(one)));
    return Object.fromEntries(Object.entries(stored).filter(([key]) => isGiven(key) || !isReplaced(key)));
  }

  /** By program (`/fake/engine` without a `command`): promises that delay {@link learn}. */
  readonly slow = new Map<string, Promise<void>>();

  async learn({ command }: Settings): Promise<void> {
    const [program = PROGRAM] = command ?? [];
    await this.slow.get(program);
    this.slow.delete(program);
  }

  isLearnt({ command }: Settings): boolean {
    return !this.slow.has(command?.[0] ?? PROGRAM);
  }

  /** The value of {@link learnings}, for tests that change the plan. */
  learnt = 0;

  learnings(): number {
    return this.learnt;
  }

  plan({ id, name, port, settings }: InstanceRecord): LaunchPlan {
    const [command = PROGRAM, ...leading] = settings.command ?? [];
    const folder = `/data/instances/${id}/context`;
    const keeps = settings.keep_context === 'auto';
    return {
      command,
      argv: [
        ...leading,
        ...(keeps ? ['--contexts', folder] : []),
        ...(settings.model_path === undefined ? [] : ['--model', settings.model_path]),
        ...Object.entries(settings.companions ?? {}).flatMap(([kind, file]) => [`--${kind}`, String(file)]),
        '--name',
        name,
        '--port',
        String(port),
        ...Object.entries(settings.options).map(([key, value]) => `--${key}=${JSON.stringify(value)}`),
        ...settings.extra_args,
      ],
      environment: { ...settings.environment },
      keyVariable: 'FAKE_KEY',
      port,
      healthPath: settings.health_path ?? '/health',
      ...(keeps ? { context: { folder, files: [], at: leading.length } } : {}),
    };
  }

  readonly inferencePaths = new Set(['/v1/chat/completions']);
  readonly signs = { workPath: '/work' };
  readonly crossing = { headers: ['x-session'], paths: ['/v1/sessions'], except: [] };
  /** The GPU offload that its runs report. */
  gpus: Offload = { kind: 'not requested' };

  offload(): Offload {
    return this.gpus;
  }

  /** Its need is unknown. */
  memory(): null {
    return null;
  }

  /** The memory that its runs report at their start; `null`: none. */
  reported: FittedProjection | null = null;

  fitted = (): FittedProjection | null => this.reported;
  /** The requests that its launches answer; `null`: unknown. */
  requests: Serving | null = null;
  /** The facts that its running engines report. */
  facts: Served | null = null;

  serving(): Serving | null {
    return this.requests;
  }

  async served(): Promise<Served | null> {
    return this.facts;
  }

  preflight(): Promise<StartProblem | null> {
    return Promise.resolve(this.startProblem);
  }

  /** The last line of output; without output, the exit. */
  reason({ code, signal }: Exit, lines: readonly string[]): string {
    return (
      lines.findLast((line) => line.trim() !== '')?.trim() ??
      `the engine ended with ${signal ?? code ?? 'an unknown status'}`
    );
  }
}

/** Engines by name; default: `llama_cpp` and `custom`. */
export class FakeEngines implements Engines {
  readonly #adapters: ReadonlyMap<string, EngineAdapter>;

  constructor(adapters?: Record<string, EngineAdapter>) {
    this.#adapters = new Map(
      Object.entries(adapters ?? { llama_cpp: new FakeEngineAdapter(), custom: withoutModel(new FakeEngineAdapter()) }),
    );
  }

  /** Its instance has the whole text as an argument. */
  async parse(text: string): Promise<Parsed> {
    const settings = { extra_args: [text] };
    const understood = [{ text, path: 'extra_args' }];
    return { format: 'command', instances: [{ settings, understood, dropped: [] }] };
  }

  find(name: string): EngineAdapter | null {
    return this.#adapters.get(name) ?? null;
  }

  names(): readonly string[] {
    return [...this.#adapters.keys()];
  }
}

function withoutModel(adapter: FakeEngineAdapter): FakeEngineAdapter {
  adapter.needsModel = false;
  return adapter;
}

/** Answers probes on the ports that a test sets; other ports are closed. */
export class FakeEngineEndpoint implements EngineEndpoint {
  /** Every probe so far, oldest first. */
  readonly probes: EngineTarget[] = [];
  readonly #answers = new Map<number, ProbeResult | (() => Promise<ProbeResult>)>();

  /** Sets the answer of a port. A function is called for each probe, and may delay the answer. */
  answer(port: number, result: ProbeResult | (() => Promise<ProbeResult>)): void {
    this.#answers.set(port, result);
  }

  async probe(target: EngineTarget, _timeoutMs: number, signal?: AbortSignal): Promise<ProbeResult> {
    this.probes.push(target);
    if (signal?.aborted) return 'closed';
    const answer = this.#answers.get(target.port) ?? 'closed';
    if (typeof answer !== 'function') return answer;
    return Promise.race([answer(), aborted(signal)]);
  }
}

function aborted(signal: AbortSignal | undefined): Promise<ProbeResult> {
  return new Promise((resolve) => {
    signal?.addEventListener('abort', () => resolve('closed'), { once: true });
  });
}

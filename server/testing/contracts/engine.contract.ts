import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EngineAdapter, Engines } from '../../instances/ports/engine-adapter.ts';
import type { EngineEndpoint, ProbeResult } from '../../instances/ports/engine-endpoint.ts';
import type { InstanceRecord, Settings } from '../../instances/ports/instance-record.ts';

/** An instance with default settings. */
export function engineRecord(settings: Partial<Settings> = {}, record: Partial<InstanceRecord> = {}): InstanceRecord {
  return {
    id: 'i1',
    name: 'one',
    port: 8123,
    portAssigned: false,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    version: 1,
    ...record,
    settings: {
      engine: 'llama_cpp',
      options: {},
      extra_args: [],
      environment: {},
      aliases: [],
      unlisted: false,
      auto_start: true,
      ...settings,
    },
  };
}

/** An adapter under test, and an instance that it can start. */
export interface AdapterSubject {
  adapter: EngineAdapter;
  startable: InstanceRecord;
}

/** The contract tests of {@link EngineAdapter}. */
export function engineAdapterContract(title: string, make: () => AdapterSubject | Promise<AdapterSubject>): void {
  describe(title, () => {
    let adapter: EngineAdapter;
    let startable: InstanceRecord;
    const startableWith = (settings: Partial<Settings>): InstanceRecord => ({
      ...startable,
      settings: { ...startable.settings, ...settings },
    });

    beforeEach(async () => {
      ({ adapter, startable } = await make());
    });

    it('declares crossing headers in lower case, and crossing paths under /v1', () => {
      const { headers, paths, except } = adapter.crossing;
      for (const name of headers) expect(name).toMatch(/^[a-z0-9-]+$/);
      for (const path of paths) expect(path).toMatch(/^\/v1(\/[a-z0-9_-]+)+(\/\*)?$/);
      for (const path of except) expect(path).toMatch(/^\/v1(\/[a-z0-9_-]+)+$/);
    });

    it('reports no problems of an instance that it can start', async () => {
      expect(await adapter.check(startable.settings)).toMatchObject({ problems: [] });
      expect(await adapter.preflight(startable, adapter.plan(startable))).toBeNull();
    });

    it('makes equal plans of equal instances, and does not change them', () => {
      const before = structuredClone(startable);
      expect(adapter.plan(startable)).toEqual(adapter.plan(structuredClone(startable)));
      expect(startable).toEqual(before);
    });

    it('plans a program, the port and the health path', () => {
      const plan = adapter.plan(startable);
      expect(plan.command).not.toBe('');
      expect(plan.port).toBe(startable.port);
      expect(plan.healthPath).toMatch(/^\//);
    });

    it('makes another plan for another port, other arguments or another environment', () => {
      const plans = [
        startable,
        { ...startable, port: startable.port + 1 },
        startableWith({ extra_args: ['--temp', '0.5'] }),
        startableWith({ environment: { OMP_NUM_THREADS: '1' } }),
      ].map((record) => JSON.stringify(adapter.plan(record)));
      expect(new Set(plans).size).toBe(plans.length);
    });

    it('leaves the variable of the run’s key unset', () => {
      const { keyVariable, environment, argv } = adapter.plan(startable);
      if (keyVariable === null) return;
      expect(Object.keys(environment)).not.toContain(keyVariable);
      expect(argv.join(' ')).not.toContain(keyVariable);
    });

    it('takes health_path from the settings', () => {
      expect(adapter.plan(startableWith({ health_path: '/well' })).healthPath).toBe('/well');
    });

    it('puts extra_args last', () => {
      const plan = adapter.plan(startableWith({ options: { temp: 1 }, extra_args: ['--temp', '2'] }));
      expect(plan.argv.slice(-2)).toEqual(['--temp', '2']);
    });

    it('refuses the tag of a process in the environment', async () => {
      const { problems } = await adapter.check({ ...startable.settings, environment: { LLAMACTL_RUN: 'a.b.c' } });
      expect(problems).toMatchObject([{ code: 'RESERVED_OPTION', path: 'environment.LLAMACTL_RUN' }]);
    });

    it('lists its options with one key each, or says in one line why they are unknown', async () => {
      const { options, problem } = await adapter.options();
      if (problem !== null) return expect([options, problem]).toEqual([[], expect.stringMatching(/^.+$/)]);
      const keys = options.map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
      for (const key of keys) expect(key).toMatch(/^\w+$/);
    });

    it('reports its program, or one line why it is missing', async () => {
      const { program, version, problem } = await adapter.installed();
      if (problem === null) expect([program, version]).not.toContain('');
      else expect(problem).toMatch(/^.+$/);
    });

    it('drops an option only for a given twin', () => {
      const stored = { temp: 1, threads: 2 };
      const { settings } = startableWith({ options: stored });
      expect(adapter.withoutTwins(settings, [])).toEqual(stored);
      expect(adapter.withoutTwins(settings, ['temp', 'other'])).toEqual(stored);
    });

    it('returns a one-line reason for every exit', () => {
      const code = fc.option(fc.integer({ min: 0, max: 255 }));
      const signal = fc.option(fc.constantFrom('SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGABRT'));
      const line = fc.string().filter((text) => !text.includes('\n'));
      fc.assert(
        fc.property(code, signal, fc.array(line), fc.boolean(), (exitCode, name, lines, wasReady) => {
          expect(adapter.reason({ code: exitCode, signal: name, at: 0 }, lines, wasReady)).toMatch(/^.+$/);
        }),
      );
    });
  });
}

/** The contract tests of {@link Engines}; `names` are the engines that must exist. */
export function enginesContract(title: string, make: () => Engines, names: readonly string[]): void {
  describe(title, () => {
    it('finds every engine that it names, and no other', () => {
      const engines = make();
      expect(engines.names()).toEqual(names);
      for (const name of names) expect(engines.find(name)).not.toBeNull();
      for (const name of ['vllm', 'mlx', '', 'constructor', '__proto__']) expect(engines.find(name)).toBeNull();
    });

    it('finds the same adapter each time', () => {
      const engines = make();
      for (const name of names) expect(engines.find(name)).toBe(engines.find(name));
    });
  });
}

/** An endpoint under test. `serve` starts a server that causes a probe result, and returns its port. */
export interface EndpointSubject {
  endpoint: EngineEndpoint;
  serve(behaviour: ProbeResult | 'hang'): Promise<number>;
}

/** A timeout that no test reaches. */
const PATIENCE_MS = 20_000;

/** The contract tests of {@link EngineEndpoint}. */
export function engineEndpointContract(title: string, make: () => EndpointSubject | Promise<EndpointSubject>): void {
  describe(title, () => {
    let subject: EndpointSubject;

    beforeEach(async () => {
      subject = await make();
    });

    it.each(['ok', 'loading', 'error', 'closed'] as const)('returns %s', async (behaviour) => {
      const port = await subject.serve(behaviour);
      expect(await subject.endpoint.probe({ port, healthPath: '/health', key: null }, PATIENCE_MS)).toBe(behaviour);
    });

    it('returns closed when it is aborted, before or during the probe', async () => {
      const port = await subject.serve('hang');
      const target = { port, healthPath: '/health', key: 'key' };
      expect(await subject.endpoint.probe(target, PATIENCE_MS, AbortSignal.abort())).toBe('closed');
      const controller = new AbortController();
      const probe = subject.endpoint.probe(target, PATIENCE_MS, controller.signal);
      controller.abort();
      expect(await probe).toBe('closed');
    });
  });
}

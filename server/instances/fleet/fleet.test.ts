import type { FleetStep } from '@llamactl/contract/fleet';
import { describe, expect, it } from 'vitest';
import type { ApplyOptions } from '../use-cases.ts';
import { actions, entry, errors, FleetDomain } from '../../testing/fleet-domain.ts';

describe('apply', () => {
  it('creates missing instances in the order of the document, and starts none', async () => {
    const domain = new FleetDomain();
    const applied = await domain.apply([entry('b'), entry('a', { port: 8_100, options: { threads: 4 } })]);
    expect(applied).toEqual({
      message: 'Fleet applied: 2 created',
      dry_run: false,
      results: [
        { name: 'b', action: 'create', changes: [] },
        { name: 'a', action: 'create', changes: [] },
      ],
    });
    await domain.settle();
    expect(domain.manager.list()).toMatchObject([
      { name: 'b', status: 'stopped', port: 8_101 },
      { name: 'a', status: 'stopped', port: 8_100 },
    ]);
    expect(domain.world.processes).toEqual([]);
    expect(domain.events.events.map(({ type }) => type)).toEqual(['instance_created', 'instance_created']);
  });

  it('changes nothing the second time: no version, no time, no event, no write', async () => {
    const domain = new FleetDomain();
    const fleet = [
      entry('a', { options: { threads: 4 }, environment: { A: '1', B: '2' }, aliases: ['x'] }),
      entry('b', { port: 8_150, auto_restart: false, max_restarts: 0 }),
    ];
    await domain.apply(fleet);
    await domain.manager.start('a');
    const before = await domain.traces();
    await domain.clock.advance(1_000);
    const again = await domain.apply(fleet, { prune: true });
    expect(actions(again)).toEqual(['nothing a', 'nothing b']);
    expect(again.message).toBe('Fleet applied: 2 unchanged');
    expect(await domain.traces()).toEqual(before);
  });

  it('treats an entry as complete: omitted settings get their defaults', async () => {
    const domain = new FleetDomain();
    await domain.create('a', {
      options: { threads: 4, seed: 1 },
      environment: { A: '1' },
      aliases: ['x'],
      auto_start: false,
      max_restarts: 1,
    });
    const applied = await domain.apply([entry('a', { options: { threads: 8 } })]);
    expect(applied.results[0]?.changes.toSorted()).toEqual([
      'aliases',
      'auto_start',
      'environment.A',
      'max_restarts',
      'options.seed',
      'options.threads',
    ]);
    expect(domain.manager.get('a')).toMatchObject({
      options: { threads: 8 },
      environment: {},
      aliases: [],
      auto_start: true,
      max_restarts: 5,
    });
  });

  it('restarts only instances with an engine and a new launch plan', async () => {
    const domain = new FleetDomain();
    for (const name of ['relaunched', 'renamed', 'untouched']) await domain.createRunning(name);
    await domain.create('stopped');
    const pids = domain.manager.list().map(({ name }) => domain.manager.get(name).pid);
    const applied = await domain.apply([
      entry('relaunched', { options: { threads: 8 } }),
      entry('renamed', { aliases: ['x'], idle_timeout: 60, concurrency: 2, upstream_model: 'm' }),
      entry('untouched'),
      entry('stopped', { options: { threads: 8 } }),
    ]);
    expect(actions(applied)).toEqual(['restart relaunched', 'change renamed', 'nothing untouched', 'change stopped']);
    expect(applied.message).toBe('Fleet applied: 2 changed, 1 restarted, 1 unchanged');
    expect(domain.status('relaunched')).toBe('restarting');
    await domain.pass(1_000);
    expect(domain.manager.get('relaunched')).toMatchObject({ status: 'running', restart_required: false });
    const after = domain.manager.list().map(({ name }) => domain.manager.get(name).pid);
    expect(after.map((pid, index) => pid === pids[index])).toEqual([false, true, true, true]);
  });

  it('does not restart an engine that already runs with the new settings', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('a', { options: { threads: 4 } });
    await domain.manager.update('a', { options: { threads: 8 } }, { restart: false });
    const pending = await domain.apply([entry('a', { options: { threads: 8 }, aliases: ['x'] })]);
    expect(pending.results).toMatchObject([
      { action: 'change', warnings: ['its engine runs with older settings until it is restarted'] },
    ]);
    const back = await domain.apply([entry('a', { options: { threads: 4 }, aliases: ['x'] })]);
    expect(back.results).toEqual([{ name: 'a', action: 'change', changes: ['options.threads'] }]);
    expect(domain.manager.get('a')).toMatchObject({ status: 'running', restart_required: false });
  });

  it('does not restart an engine that could not start again, and makes the other steps', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('a');
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'there is no file /m.gguf' };
    const { pid } = domain.manager.get('a');
    const applied = await domain.apply([entry('a', { options: { threads: 8 } }), entry('b')]);
    expect(applied.message).toBe('Fleet applied: 1 created, 1 failed');
    expect(applied.results).toEqual([
      { name: 'a', action: 'restart', changes: ['options.threads'], error: 'there is no file /m.gguf' },
      { name: 'b', action: 'create', changes: [], warnings: ['there is no file /m.gguf'] },
    ]);
    expect(domain.manager.get('a')).toMatchObject({ status: 'running', pid, options: {} });
  });

  it('keeps instances that the document does not name, or stops and removes them with prune', async () => {
    const domain = new FleetDomain();
    await domain.create('kept');
    await domain.create('idle');
    await domain.createRunning('busy');
    const without = await domain.apply([entry('kept')]);
    expect(actions(without)).toEqual(['nothing kept']);
    expect(domain.status('busy')).toBe('running');
    const pruned = await domain.applyInTime([entry('kept')], { prune: true });
    expect(actions(pruned)).toEqual(['nothing kept', 'remove idle', 'remove busy']);
    expect(errors(pruned)).toEqual([undefined, undefined, undefined]);
    expect(domain.manager.list().map(({ name }) => name)).toEqual(['kept']);
    expect(domain.world.alive()).toEqual([]);
  });

  it('finds an instance in any case, and warns that its name stays', async () => {
    const domain = new FleetDomain();
    await domain.create('Chat');
    const applied = await domain.apply([entry('chat')], { prune: true });
    expect(applied.results).toEqual([
      { name: 'Chat', action: 'nothing', changes: [], warnings: [expect.stringContaining('keeps the name Chat')] },
    ]);
  });

  it('keeps the stored value of a masked variable', async () => {
    const domain = new FleetDomain();
    await domain.create('a', { environment: { TOKEN: 'secret' } });
    const applied = await domain.apply([
      entry('a', { environment: { TOKEN: '***' } }),
      entry('b', { environment: { TOKEN: '***' } }),
    ]);
    expect(actions(applied)).toEqual(['nothing a', 'create b']);
    expect(domain.manager.get('a').environment).toEqual({ TOKEN: 'secret' });
    expect(applied.results[1]?.warnings).toEqual([expect.stringContaining('environment.TOKEN is "***"')]);
  });
});

describe('the port of an entry', () => {
  it('stays the same if it is omitted, and llamactl may choose it from then on', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('a', { port: 8_150 });
    const applied = await domain.apply([entry('a')]);
    expect(applied.results).toEqual([{ name: 'a', action: 'change', changes: ['port'] }]);
    expect(domain.manager.get('a')).toMatchObject({ port: 8_150, status: 'running' });
    expect(domain.instances.fleet.export().instances).toEqual([
      { name: 'a', engine: 'llama_cpp', model_path: '/m.gguf' },
    ]);
  });

  it('goes to the entry that names it; an instance without one gets another', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('a');
    expect(domain.manager.get('a').port).toBe(8_100);
    const fleet = [entry('a'), entry('b', { port: 8_100 })];
    const applied = await domain.applyInTime(fleet);
    expect(applied.results).toEqual([
      { name: 'a', action: 'restart', changes: ['port'] },
      { name: 'b', action: 'create', changes: [] },
    ]);
    expect(domain.manager.list()).toMatchObject([
      { name: 'a', port: 8_101, status: 'running' },
      { name: 'b', port: 8_100 },
    ]);
    expect(actions(await domain.apply(fleet))).toEqual(['nothing a', 'nothing b']);
  });
});

describe('a dry run', () => {
  it('returns the same steps, errors included, and changes nothing', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('a', { port: 8_150, aliases: ['one'] });
    await domain.create('gone', { aliases: ['two'] });
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'there is no file /m.gguf' };
    const fleet = [entry('a', { port: 8_151 }), entry('b', { port: 8_150 }), entry('c', { aliases: ['two'] })];
    const before = await domain.traces();
    const foreseen = await domain.apply(fleet, { prune: true, dryRun: true });
    expect(foreseen.message).toBe('Dry run, nothing was changed: 1 to create, 1 to remove, 2 would fail');
    expect(await domain.traces()).toEqual(before);
    const made = await domain.applyInTime(fleet, { prune: true });
    expect(foreseen).toEqual({ ...made, dry_run: true, message: foreseen.message });
    expect(errors(made).filter((error) => error !== undefined)).toHaveLength(2);
  });

  it('counts the port of a removed engine as free', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('a', { port: 8_150 });
    await domain.createRunning('old', { port: 8_151 });
    const foreseen = await domain.apply([entry('a', { port: 8_151 })], { prune: true, dryRun: true });
    expect(foreseen.results).toEqual([
      { name: 'a', action: 'restart', changes: ['port'] },
      { name: 'old', action: 'remove', changes: [] },
    ]);
  });

  it('refuses the same documents as a real apply', async () => {
    const domain = new FleetDomain();
    const twice = [entry('a'), entry('A')];
    await expect(domain.apply(twice, { dryRun: true })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });
});

describe('export', () => {
  it('returns a document that changes nothing on its own server, and creates the same elsewhere', async () => {
    const domain = new FleetDomain();
    await domain.createRunning('full', {
      port: 8_150,
      options: { threads: 4, context_size: 0, flag: false, list: ['a', 'b'] },
      extra_args: ['--x'],
      environment: { TOKEN: 'secret', EMPTY: '' },
      command: ['/bin/engine'],
      health_path: '/ready',
      aliases: ['org/chat:7b'],
      unlisted: true,
      auto_start: false,
      auto_restart: true,
      max_restarts: 5,
      on_demand: false,
      idle_timeout: 0,
      pinned: true,
      group: 'big',
      concurrency: 2,
      queue_limit: 0,
      upstream_model: 'm',
      request_defaults: { temperature: 0, template: { think: false } },
      request_strip: ['seed'],
      system_prompt: 'Be brief.',
      preset: 'coding',
    });
    await domain.create('plain');
    const fleet = domain.instances.fleet.export();
    expect(fleet.instances[0]).toMatchObject({
      port: 8_150,
      environment: { TOKEN: 'secret' },
      idle_timeout: 0,
      group: 'big',
      system_prompt: 'Be brief.',
      preset: 'coding',
    });
    expect(fleet.instances[1]).toEqual({ name: 'plain', engine: 'llama_cpp', model_path: '/m.gguf' });
    const before = await domain.traces();
    expect(actions(await domain.apply(fleet.instances, { prune: true }))).toEqual(['nothing full', 'nothing plain']);
    expect(await domain.traces()).toEqual(before);
    const elsewhere = new FleetDomain();
    await elsewhere.apply(fleet.instances);
    expect(elsewhere.instances.fleet.export()).toEqual(fleet);
  });

  it('has the same object for an instance until that instance changes', async () => {
    const domain = new FleetDomain();
    await domain.apply([entry('a'), entry('b')]);
    const before = domain.instances.fleet.export().instances;
    await domain.apply([entry('a'), entry('b', { unlisted: true })]);
    const after = domain.instances.fleet.export().instances;
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toEqual({ ...before[1], unlisted: true });
  });

  it('returns only the named instances, in any case, and refuses an unknown name', async () => {
    const domain = new FleetDomain();
    await domain.apply([entry('a'), entry('b'), entry('c')]);
    const { fleet } = domain.instances;
    expect(fleet.export(['C', 'a', 'A']).instances.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(() => fleet.export(['a', 'gone'])).toThrow('There is no instance "gone"');
  });

  it('returns an empty document without instances', async () => {
    const domain = new FleetDomain();
    expect(domain.instances.fleet.export()).toEqual({ version: 1, instances: [] });
    expect((await domain.apply([])).message).toBe('Fleet applied: nothing to do');
  });
});

describe('apply with failures, warnings or a caller who leaves', () => {
  it('reports why a step could not be stored; a second apply makes the step', async () => {
    const domain = new FleetDomain();
    await domain.create('a');
    domain.store.failure = new Error('/secret/path is full');
    const fleet = [entry('a', { aliases: ['x'] }), entry('b')];
    const applied = await domain.apply(fleet);
    expect(errors(applied)).toEqual([
      expect.stringContaining('could not be stored'),
      expect.stringContaining('could not be stored'),
    ]);
    expect(domain.manager.list()).toMatchObject([{ name: 'a', aliases: [] }]);
    domain.store.failure = null;
    expect(actions(await domain.apply(fleet))).toEqual(['change a', 'create b']);
  });

  it('hides the details of an internal error, which go to the log', async () => {
    const domain = new FleetDomain();
    domain.adapter.preflight = () => Promise.reject(new Error('/secret/path cannot be read'));
    const applied = await domain.apply([entry('a')]);
    expect(errors(applied)).toEqual([
      expect.stringMatching(/^an internal error or a disk error .*see the log of llamactl$/),
    ]);
    expect(domain.faults.map(String)).toEqual(['Error: /secret/path cannot be read']);
  });

  it('reports a warning once, even if the stored settings cause it too', async () => {
    const domain = new FleetDomain();
    domain.adapter.startProblem = { code: 'PRIVILEGED_OPTION', message: 'the argument `x` is guarded' };
    expect((await domain.apply([entry('a')])).results[0]?.warnings).toEqual(['the argument `x` is guarded']);
    domain.adapter.startProblem = { code: 'PRIVILEGED_OPTION', message: 'the stored variable `X` …', isWarnedOf: true };
    expect((await domain.apply([entry('a', { unlisted: true })])).results[0]?.warnings).toBeUndefined();
  });

  it('names the instance that a document has twice', async () => {
    const domain = new FleetDomain();
    const refusal = await domain.apply([entry('chat'), entry('Chat')]).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      extras: {
        problems: [
          {
            path: 'instances[1].name',
            message: 'is Chat, which is the name of instances[0] too; names have to differ in more than case',
          },
        ],
      },
    });
  });

  it('continues when the caller leaves', async () => {
    const domain = new FleetDomain();
    const id = await domain.createRunning('old');
    domain.world.process(id).endsBy = 'SIGKILL';
    const caller = new AbortController();
    const done: unknown[] = [];
    const onApplied = (results: readonly FleetStep[]): void => {
      done.push(...results.map(({ name, action }) => [name, action]));
    };
    const applied = domain.apply([entry('new')], { prune: true, signal: caller.signal, onApplied });
    await domain.settle();
    caller.abort(new Error('gone'));
    await expect(applied).rejects.toThrow('gone');
    expect(done).toEqual([]);
    await domain.pass(60_000);
    expect(domain.manager.list().map(({ name }) => name)).toEqual(['new']);
    expect(done).toEqual([
      ['new', 'create'],
      ['old', 'remove'],
    ]);
  });

  it('reports the old and new values of the instances that it updated, after all is done', async () => {
    const domain = new FleetDomain();
    await domain.apply([entry('a', { group: 'code' }), entry('b')]);
    let reported: unknown;
    const onApplied: ApplyOptions['onApplied'] = (_results, changes) => {
      reported = Object.fromEntries(changes);
    };
    await domain.apply([entry('a', { pinned: true }), entry('b'), entry('c')], { onApplied });
    expect(reported).toEqual({
      a: [
        { path: 'group', before: 'code', after: null },
        { path: 'pinned', before: null, after: true },
      ],
    });
  });

  it('does nothing for a caller who has left', async () => {
    const domain = new FleetDomain();
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(domain.apply([entry('a')], { signal })).rejects.toThrow('gone');
    await domain.settle();
    expect(domain.manager.list()).toEqual([]);
  });
});

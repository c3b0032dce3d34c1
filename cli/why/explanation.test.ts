import type { Alert, Health, Instance, LastExit } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { sampleInstance } from '../testing/sample-instance.ts';
import { explain, type WhyFacts } from './explanation.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const GB = 1_000_000_000;

function ended(fields: Partial<LastExit> = {}): LastExit {
  return { code: 1, signal: null, at: '2026-03-01T11:57:00Z', reason: 'failed to read header', lines: [], ...fields };
}

function facts(instance: Partial<Instance>, rest: Partial<WhyFacts> = {}): WhyFacts {
  return {
    instance: sampleInstance({
      name: 'qwen',
      status: 'running',
      model_path: '/m/qwen.gguf',
      created_at: '2026-03-01T10:00:00Z',
      updated_at: '2026-03-01T10:00:00Z',
      ...instance,
    }),
    health: null,
    alerts: [],
    memory: { used: 7.1 * GB, total: 8 * GB },
    lastError: null,
    obstacle: null,
    now: NOW,
    ...rest,
  };
}

function health(status: Health['status'], response: Health['checks']['response']): Health {
  const port = response === 'none' ? 'closed' : 'open';
  return { status, checks: { process: 'running', port, response }, last_check: '2026-03-01T12:00:00Z' };
}

const UP = { started_at: '2026-03-01T09:50:00Z', pid: 42 };

describe('the sentence about an instance', () => {
  it.each<[string, WhyFacts, string]>([
    ['is healthy', facts({ ...UP }, { health: health('healthy', 'ok') }), 'qwen has run for 2h 10m and answers.'],
    [
      'does not answer',
      facts({ ...UP }, { health: health('unhealthy', 'timeout') }),
      'qwen has run for 2h 10m, but does not answer its health check (timeout).',
    ],
    [
      'has changed settings',
      facts({ ...UP, restart_required: true }, { health: health('healthy', 'ok') }),
      'qwen has run for 2h 10m and answers; its changed settings take effect at the next start.',
    ],
    [
      'loads',
      facts(
        { ...UP, status: 'starting', started_at: '2026-03-01T11:59:48Z' },
        { health: health('starting', 'loading') },
      ),
      'qwen has been loading its model for 12s.',
    ],
    ['waits to start', facts({ status: 'starting' }), 'qwen is about to start; it has no process yet.'],
    [
      'is being stopped',
      facts({ ...UP, status: 'stopping' }),
      'qwen is stopping; requests in flight may finish first.',
    ],
    [
      'failed before its settings were changed',
      facts({
        status: 'failed',
        reason: 'the model file /m/x.gguf does not exist',
        last_exit: ended(),
        updated_at: '2026-03-01T11:58:00Z',
      }),
      'qwen failed before its settings were changed: the model file /m/x.gguf does not exist.',
    ],
    ['never ran', facts({ status: 'stopped' }), 'qwen is stopped: it was never started.'],
    [
      'was stopped',
      facts({ status: 'stopped', last_exit: ended({ code: 0, reason: 'stopped as asked' }) }),
      'qwen is stopped: a user or program stopped it 3m 0s ago.',
    ],
    [
      'was not stopped by a command',
      facts({
        status: 'stopped',
        last_exit: ended({ code: 0, reason: 'it was evicted: another instance needed its slot' }),
      }),
      'qwen is stopped; its last run ended 3m 0s ago: it was evicted: another instance needed its slot.',
    ],
    [
      'has no engine',
      facts({ status: 'stopped' }, { obstacle: 'llama-server was not found on the PATH (/usr/bin)' }),
      'qwen is stopped, was never started, and cannot be started: llama-server was not found on the PATH (/usr/bin).',
    ],
    [
      'has no free port',
      facts(
        { status: 'stopped', last_exit: ended({ code: 0, reason: 'stopped as asked' }) },
        { obstacle: 'Port 8100 is in use by python3 (pid 7); end it, or give qwen another port.' },
      ),
      'qwen is stopped and cannot be started: Port 8100 is in use by python3 (pid 7).',
    ],
    [
      'ended with the machine',
      facts({ status: 'stopped', last_exit: ended({ code: null, reason: 'the machine was rebooted' }) }),
      'qwen is stopped; its last run ended 3m 0s ago: the machine was rebooted.',
    ],
    [
      'goes down',
      facts({ ...UP, status: 'restarting', reason: 'going down to start again, as asked' }),
      'qwen is going down to start again, as asked.',
    ],
    [
      'hung',
      facts({ ...UP, status: 'restarting', reason: 'the engine no longer answered its health check' }),
      'qwen is going down in order to start again: the engine no longer answered its health check.',
    ],
    [
      'is in backoff',
      facts({ status: 'restarting', reason: 'backoff after: the engine crashed (SIGSEGV)', restart_count: 2 }),
      'qwen ended and will be restarted: the engine crashed (SIGSEGV).',
    ],
    [
      'failed',
      facts({ status: 'failed', reason: 'failed to read header (/m/qwen.gguf)' }),
      'qwen failed: failed to read header (/m/qwen.gguf).',
    ],
    [
      'gave up',
      facts({
        status: 'failed',
        reason: 'gave up after 5 restarts in a row: the engine exited with status 0, although llamactl did not stop it',
      }),
      'qwen failed (gave up after 5 restarts in a row): the engine exited with status 0, although llamactl did not stop it.',
    ],
  ])('that %s', (_what, known, sentence) => {
    expect(explain(known).sentence).toBe(sentence);
  });
});

describe('remedies', () => {
  const failed = (reason: string, fields: Partial<Instance> = {}): string[] =>
    explain(facts({ status: 'failed', reason, ...fields })).remedies;

  it('suggest a smaller context', () => {
    const [smaller] = failed('unable to allocate CPU buffer', { options: { ctx_size: 512 } });
    expect(smaller).toContain('-o ctx_size=256 ');
    const [unset] = failed('unable to allocate CPU buffer');
    expect(unset, 'the context of the model may be smaller than any number').toContain('-o ctx_size=N ');
  });

  it.each([
    ['the model file /m/qwen.gguf does not exist', /: llamactl update qwen --model FILE$/],
    ['the model file /m/qwen.gguf cannot be read by llamactl’s user', /: chmod a\+r \/m\/qwen\.gguf/],
    ["invalid magic characters: 'abcd', expected 'GGUF' (/m/qwen.gguf)", /damaged/],
    ['the model file /m/qwen.gguf is cut off: it has 3.0 MB, and 89 MB are missing; download it again', /damaged/],
    [
      'the model file /m/qwen.gguf is a LoRA adapter, not a model; give the model',
      /right file: llamactl update qwen --model FILE$/,
    ],
    ["unknown model architecture: 'qwen9'", /newer llama-server/],
    ["couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8100: is the port in use?", /--unset port/],
    ['port 8100 is in use by python3 (pid 7)', /--unset port/],
    [
      'llama-server was not found on the PATH (/usr/bin); set `engines.llama_cpp.command` to the path of llama-server',
      /llamactl quickstart/,
    ],
    ['error while loading shared libraries: libcuda.so.1: cannot open shared object file', /library/],
    [
      'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 9000.00 MiB on device 0: cudaMalloc failed: out of memory',
      /n_gpu_layers/,
    ],
    [
      'the engine was killed by SIGKILL; if no user or program did that, the system ran out of memory',
      /7\.1 GB of 8\.0 GB of memory are in use/,
    ],
    ['unable to allocate CPU buffer', /ctx_size/],
    ['invalid argument: --bogus', /llamactl show qwen/],
    ['the engine crashed (SIGILL): it was probably built for another processor', /built for this CPU/],
    ['the engine crashed (SIGSEGV)', /llamactl logs qwen/],
    [
      'the engine showed no progress for 600 s while loading (no output, memory, CPU time or reads); instances.start_timeout sets this limit',
      /instances\.start_timeout/,
    ],
    ['the engine no longer answered its health check and showed no progress', /parallel=1/],
    ['the engine no longer answered /slots (timeout) and showed no sign of work', /parallel=1/],
    ['the engine exited with status 3', /llamactl logs qwen/],
  ])('against %s', (reason, remedy) => {
    const [first] = failed(reason);
    expect(first).toMatch(remedy);
  });

  it('name the option that the engine refuses', () => {
    const [first] = failed('argument --ctx-size: not a number', { options: { ctx_size: 'many' } });
    expect(first).toBe('llamactl update qwen --unset options.ctx_size, or give it another value: -o ctx_size=…');
  });

  it('try the settings that were changed after a failure', () => {
    const last = ended({ code: null, reason: 'the model file /m/x.gguf does not exist' });
    const changed = {
      status: 'failed' as const,
      reason: last.reason,
      last_exit: last,
      updated_at: '2026-03-01T11:58:00Z',
    };
    expect(explain(facts(changed))).toMatchObject({
      evidence: expect.arrayContaining([{ what: 'last exit', text: '3m 0s ago' }]) as unknown,
      remedies: ['to start it with the new settings: llamactl start qwen'],
    });
  });

  it('say what triggers a retry', () => {
    const last = (on_demand: boolean): string | undefined =>
      failed('the engine exited with status 3', { on_demand }).at(-1);
    expect(last(true)).toBe('then llamactl start qwen: otherwise the next request after 30 s tries again');
    expect(last(false)).toBe('then llamactl start qwen: it is not retried automatically');
  });

  it.each([
    ['llama-server was not found on the PATH (/usr/bin)', /^to install a llama-server: llamactl quickstart/],
    ['Port 8100 is in use by python3 (pid 7); end it, or give qwen another port.', /--unset port/],
    ['the model file /m/qwen.gguf does not exist', /--model FILE/],
  ])('against an obstacle to a start: %s', (obstacle, remedy) => {
    const { remedies } = explain(facts({ status: 'stopped' }, { obstacle }));
    expect([remedies[0], remedies.at(-1)]).toEqual([
      expect.stringMatching(remedy) as string,
      'then llamactl start qwen',
    ]);
  });

  it('are empty if nothing is wrong', () => {
    expect(explain(facts({ ...UP }, { health: health('healthy', 'ok') })).remedies).toEqual([]);
  });

  it('suggest a restart for changed settings', () => {
    const { remedies } = explain(facts({ ...UP, restart_required: true }, { health: health('healthy', 'ok') }));
    expect(remedies).toEqual(['to apply them: llamactl restart qwen']);
  });
});

describe('the evidence', () => {
  const evidence = (known: WhyFacts): Record<string, string> =>
    Object.fromEntries(explain(known).evidence.map(({ what, text }) => [what, text]));

  it('of a healthy instance is its process and port', () => {
    const stats = { memory_usage: 1.2 * GB, cpu_usage: 0, threads: 1, read_bytes: 0, write_bytes: 0, uptime: 1 };
    const known = facts({ ...UP, stats: { ...stats, gpu_memory_usage: null } }, { health: health('healthy', 'ok') });
    expect(evidence(known)).toEqual({ process: '42, 1.2 GB of memory', port: '8100, open; answer: ok' });
  });

  it('of a failure is its exit and the line behind the reason', () => {
    const lines = ['0.01 I loading', '0.02 E gguf: failed to read header', '0.03 E exiting'];
    const known = facts({ status: 'failed', reason: 'failed to read header (/m/q.gguf)', last_exit: ended({ lines }) });
    expect(evidence(known)).toEqual({
      port: '8100',
      'last exit': 'status 1, 3m 0s ago: failed to read header',
      log: '0.02 E gguf: failed to read header',
    });
  });

  it("of a possible out-of-memory kill has the machine's memory", () => {
    const reason = 'the engine was killed by SIGKILL; if no user or program did that, the system ran out of memory';
    const last = ended({ code: 137, signal: 'SIGKILL', reason });
    const known = facts({
      status: 'restarting',
      reason: `backoff after: ${reason}`,
      restart_count: 2,
      last_exit: last,
    });
    expect(evidence(known)).toMatchObject({
      'last exit': 'SIGKILL, 3m 0s ago',
      memory: '7.1 GB of 8.0 GB of memory are in use',
      restarts: '2 in a row, at most 5',
    });
  });

  it('has the last error of the run that failed, and none of an earlier run', () => {
    const entry = { timestamp: '2026-03-01T11:57:00Z', level: 'error' as const, message: 'bad things', seq: 9 };
    const known = (lines: string[]): WhyFacts =>
      facts({ status: 'failed', reason: 'x', last_exit: ended({ lines }) }, { lastError: entry });
    expect(evidence(known(['0.00.1 E bad things', 'bye']))['log']).toBe('bad things');
    expect(evidence(known(['bye']))['log']).toBe('bye');
  });

  it('has the last error of a running engine, since its start', () => {
    const entry = { timestamp: '2026-03-01T11:57:00Z', level: 'error' as const, message: 'bad things', seq: 9 };
    const sick = (startedAt: string): WhyFacts =>
      facts({ ...UP, started_at: startedAt }, { health: health('unhealthy', 'timeout'), lastError: entry });
    expect(evidence(sick('2026-03-01T11:56:00Z'))['log']).toBe('bad things');
    expect(evidence(sick('2026-03-01T11:58:00Z'))['log']).toBeUndefined();
  });

  it('has the alerts, except the one that repeats the sentence', () => {
    const alert = (code: string): Alert => ({ level: 'error', code, message: code, raised_at: '2026-03-01T11:00:00Z' });
    const known = facts({ ...UP }, { alerts: [alert('instance_failed'), alert('memory_low')] });
    expect(evidence(known)['alert']).toBe('memory_low');
  });

  it('has a partial GPU offload, and a remedy', () => {
    const message = 'the engine offloaded 12/33 layers to GPU';
    const alert = { level: 'warning', code: 'gpu_offload_short', message, raised_at: '2026-03-01T11:00:00Z' } as const;
    const slow = facts({ ...UP }, { health: health('healthy', 'ok'), alerts: [alert] });
    expect(evidence(slow)['alert']).toBe(message);
    expect(explain(slow).remedies.join()).toMatch(/ctx_size.*n_gpu_layers=0/);
    expect(explain(facts({ ...UP }, { health: health('healthy', 'ok') })).remedies).toEqual([]);
  });

  it('has no remedy of a smaller context where there is no GPU, or the context is small', () => {
    const remedies = (message: string, context: number): string => {
      const alert = {
        level: 'warning',
        code: 'gpu_offload_short',
        message,
        raised_at: '2026-03-01T11:00:00Z',
      } as const;
      const known = facts(
        { ...UP, options: { ctx_size: context } },
        { health: health('healthy', 'ok'), alerts: [alert] },
      );
      return explain(known).remedies.join();
    };
    expect(remedies('the engine found no usable GPU', 32_768)).not.toContain('ctx_size');
    expect(remedies('the engine offloaded 12/33 layers to GPU', 4_096)).not.toContain('ctx_size');
    expect(remedies('the engine offloaded 12/33 layers to GPU', 8_192)).toContain('ctx_size=4096');
  });
});

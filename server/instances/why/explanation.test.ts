import type { Cause } from '@llamactl/contract/cause';
import type { Estimate } from '@llamactl/contract/estimate';
import type { Health } from '@llamactl/contract/health';
import type { Instance, LastExit } from '@llamactl/contract/instance';
import type { LogEntry } from '@llamactl/contract/logs';
import type { Alert } from '@llamactl/contract/system';
import type { Remedy, Why } from '@llamactl/contract/why';
import { describe, expect, it } from 'vitest';
import { newInstance } from '../../testing/fake-manager.ts';
import { shortageText } from '../slots/shortage-text.ts';
import { explain as explained, isAboutMemory, isAboutOptions } from './explanation.ts';
import { causeOfEnd, causeOfObstacle } from './failure-cause.ts';
import type { WhyFacts } from './why-facts.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const GB = 1_000_000_000;

function ended(fields: Partial<LastExit> = {}): LastExit {
  return {
    code: 1,
    signal: null,
    at: '2026-03-01T11:57:00Z',
    reason: 'failed to read header',
    cause: null,
    lines: [],
    ...fields,
  };
}

function facts(instance: Partial<Instance>, rest: Partial<WhyFacts> = {}): WhyFacts {
  return {
    instance: {
      ...newInstance({ name: 'qwen' }, 8_100),
      status: 'running',
      model_path: '/m/qwen.gguf',
      created_at: '2026-03-01T10:00:00Z',
      updated_at: '2026-03-01T10:00:00Z',
      ...instance,
    },
    health: null,
    alerts: [],
    memory: { used: 7.1 * GB, total: 8 * GB },
    log: [],
    waitsFor: [],
    evictedFor: null,
    estimate: null,
    tried: [],
    engineOptions: null,
    meantOption: () => null,
    now: NOW,
    ...rest,
  };
}

/** An explanation in words. Its phrases have tests of their own. */
function explain(known: WhyFacts): Why {
  const { evidence, remedies, ...why } = explained(known);
  return {
    ...why,
    evidence: evidence.map(({ what, text }) => ({ what, text })),
    remedies: remedies.map((remedy) => ({ ...remedy, phrase: undefined })),
  };
}

/** A stopped instance that cannot start. */
function blocked(
  code: 'ENGINE_NOT_FOUND' | 'PORT_IN_USE' | 'MODEL_NOT_FOUND' | 'CAPACITY_EXCEEDED',
  message: string,
): Health {
  return { ...health('stopped', 'none'), start_obstacle: { code, message, cause: causeOfObstacle({ code, message }) } };
}

function health(status: Health['status'], response: Health['checks']['response']): Health {
  const port = response === 'none' ? 'closed' : 'open';
  return { status, checks: { process: 'running', port, response }, last_check: '2026-03-01T12:00:00Z' };
}

/** The health of a running instance whose model file is gone. */
function withoutFile(...[status, response]: Parameters<typeof health>): Health {
  const { start_obstacle } = blocked('MODEL_NOT_FOUND', 'the model file /m/qwen.gguf does not exist');
  return { ...health(status, response), ...(start_obstacle !== undefined && { start_obstacle }) };
}

const UP = { started_at: '2026-03-01T09:50:00Z', pid: 42 };

describe('the sentence about an instance', () => {
  it.each<[string, WhyFacts, string]>([
    ['is healthy', facts({ ...UP }, { health: health('healthy', 'ok') }), 'qwen has run for 2h 10m and answers.'],
    [
      'is pinned and has an idle time',
      facts({ ...UP, pinned: true, idle_timeout: 9 }, { health: health('healthy', 'ok') }),
      'qwen has run for 2h 10m and answers; it is pinned, so idle_timeout has no effect.',
    ],
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
      'runs and has lost its file',
      facts({ ...UP }, { health: withoutFile('healthy', 'ok') }),
      'qwen has run for 2h 10m and answers; once it stops, it cannot start again: the model file /m/qwen.gguf does not exist.',
    ],
    [
      'runs and has no file for its changed settings',
      facts({ ...UP, restart_required: true }, { health: withoutFile('unhealthy', 'timeout') }),
      'qwen has run for 2h 10m, but does not answer its health check (timeout); once it stops, it cannot start with its changed settings: the model file /m/qwen.gguf does not exist.',
    ],
    [
      'loads',
      facts(
        { ...UP, status: 'starting', started_at: '2026-03-01T11:59:48Z' },
        { health: health('starting', 'loading') },
      ),
      'qwen has been loading its model for 12s.',
    ],
    ['is about to start', facts({ status: 'starting' }), 'qwen is about to start; it has no process yet.'],
    [
      'waits for others',
      facts({ status: 'starting' }, { waitsFor: ['vision', 'embed', 'another instance'] }),
      'qwen waits to start: vision, embed and another instance must stop first, or finish a request.',
    ],
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
    [
      'failed, and cannot be started with its changed settings',
      facts(
        {
          status: 'failed',
          reason: 'invalid argument: --bogus',
          last_exit: ended(),
          updated_at: '2026-03-01T11:58:00Z',
        },
        { health: blocked('MODEL_NOT_FOUND', 'the model file /m/gone.gguf does not exist') },
      ),
      'qwen cannot be started with its changed settings: the model file /m/gone.gguf does not exist.',
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
        last_exit: ended({ code: 0, reason: 'it was evicted: another instance needed its slot or memory' }),
      }),
      'qwen is stopped; its last run ended 3m 0s ago: it was evicted: another instance needed its slot or memory.',
    ],
    [
      'was evicted for an instance that its reader may see',
      facts(
        {
          status: 'stopped',
          last_exit: ended({ code: 0, reason: 'it was evicted: another instance needed its slot or memory' }),
        },
        { evictedFor: 'chat' },
      ),
      'qwen is stopped; its last run ended 3m 0s ago: it was evicted: chat needed its slot or memory.',
    ],
    [
      'has no engine',
      facts(
        { status: 'stopped' },
        { health: blocked('ENGINE_NOT_FOUND', 'llama-server was not found on the PATH (/usr/bin)') },
      ),
      'qwen is stopped, was never started, and cannot be started: llama-server was not found on the PATH (/usr/bin).',
    ],
    [
      'has no free port',
      facts(
        { status: 'stopped', last_exit: ended({ code: 0, reason: 'stopped as asked' }) },
        {
          health: blocked('PORT_IN_USE', 'Port 8100 is in use by python3 (pid 7); end it, or give qwen another port.'),
        },
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

/** A remedy as one text: its label, and what it does. */
const shown = ({ label, operation, body, link, command }: Remedy): string =>
  [label, operation, body === undefined ? undefined : JSON.stringify(body), link, command]
    .filter((part) => part !== undefined)
    .join(' | ');

describe('remedies', () => {
  const failed = (reason: string, fields: Partial<Instance> = {}, rest: Partial<WhyFacts> = {}): string[] =>
    explain(facts({ status: 'failed', reason, ...fields }, rest)).remedies.map(shown);

  it('suggest a smaller context', () => {
    const [smaller] = failed('unable to allocate CPU buffer', { options: { ctx_size: 512 } });
    expect(smaller).toBe('Use a context of 256 tokens | updateInstance | {"options":{"ctx_size":256}}');
    const [unset] = failed('unable to allocate CPU buffer');
    expect(unset, 'the context of the model may be smaller than any number').toMatch(/settings\/options\.ctx_size$/);
  });

  const short: Estimate = {
    fits: false,
    per_device: [
      {
        device: 'nvidia:0',
        total: 24 * GB,
        free: 19.3 * GB,
        need: 22.4 * GB,
        weights: 20 * GB,
        cache: 2 * GB,
        compute: GB,
      },
      { device: 'ram', total: 64 * GB, free: 60 * GB, need: GB, weights: GB, cache: 0, compute: 0 },
    ],
    must_stop: ['vision'],
    suggestions: [{ label: 'a context of 8192 tokens', options: { ctx_size: 8_192 } }],
    context: 32_768,
    gpu_layers: 33,
    source: 'estimated',
  };

  it('name a change that fits, and the instances whose stop would help', () => {
    const reason = 'cudaMalloc failed: out of memory';
    const known = facts({ status: 'failed', reason }, { estimate: short });
    expect(isAboutMemory(known)).toBe(true);
    expect(explain(known).evidence).toContainEqual({
      what: 'memory',
      text: 'GPU nvidia:0 has 2.9 GiB too little: 20.9 GiB are needed, 18.0 GiB are free',
    });
    expect(explain(known).remedies.slice(0, 2).map(shown)).toEqual([
      'Use a context of 8192 tokens, which fits | updateInstance | {"options":{"ctx_size":8192}}',
      'Stop vision | stopAllInstances | {"names":["vision"]}',
    ]);
  });

  it('set only options that the engine has, in any spelling', () => {
    const known = (engineOptions: ReadonlySet<string>) =>
      explain(facts({ status: 'failed', reason: 'cudaMalloc failed: out of memory' }, { engineOptions })).remedies.map(
        shown,
      );
    expect(known(new Set()).join()).not.toContain('options');
    expect(known(new Set()).length).toBeGreaterThan(1);
    expect(known(new Set(['n_gpu_layers', 'ctx_size'])).join()).toContain('{"options":{"n_gpu_layers":20}}');
    expect(isAboutOptions(facts({ status: 'failed', reason: 'cudaMalloc failed: out of memory' }))).toBe(true);
    expect(isAboutOptions(facts({ status: 'running' }))).toBe(false);
  });

  it('come last and say so if they were tried, and go further', () => {
    const tried = [
      { setting: 'options.n_gpu_layers', value: 20 },
      { setting: 'environment', value: { TOKEN: 'secret' } },
      { setting: 'options.device', value: undefined },
    ];
    const options = { n_gpu_layers: 20 };
    const known = facts({ status: 'failed', reason: 'CUDA error: out of memory', options }, { tried });
    const { remedies, evidence } = explain(known);
    expect(remedies.at(0)?.body).toEqual({ options: { n_gpu_layers: 10 } });
    expect(remedies.at(-1)).toMatchObject({ body: { options: { n_gpu_layers: 20 } }, tried: true });
    expect(evidence.filter(({ what }) => what === 'tried').map(({ text }) => text)).toEqual([
      'n_gpu_layers 20; it failed again',
      'another environment; it failed again',
      'device removed; it failed again',
    ]);
  });

  it('stop no instance that the caller may not see', () => {
    const estimate = { ...short, must_stop: ['vision', 'another instance'] };
    expect(failed('cudaMalloc failed: out of memory', {}, { estimate }).join()).not.toContain('stopAllInstances');
  });

  it('come with a line of output that has words', () => {
    const lines = ['0.01.2 I loading', '0.02.3 E no such tensor', '0.02.4 E ', ' ', ''];
    const lineOf = (last: readonly string[], log: WhyFacts['log'] = []): string | undefined => {
      const known = facts({ status: 'failed', reason: 'it ended', last_exit: ended({ lines: [...last] }) }, { log });
      return explain(known).evidence.find(({ what }) => what === 'log')?.text;
    };
    expect(lineOf(lines)).toBe('0.02.3 E no such tensor');
    expect(lineOf(['loading', '', ' '])).toBe('loading');
    expect(lineOf(['', '0.02.4 E '])).toBeUndefined();
  });

  it('stop the instances that it waits for, or take a context that fits beside them', () => {
    const device = { device: 'nvidia:0', total: 12 * GB, free: 3 * GB, need: 9 * GB, weights: 0, cache: 0, compute: 0 };
    const estimate = {
      ...short,
      per_device: [device],
      must_stop: ['vision'],
      suggestions: [{ label: 'a context of 8192 tokens', options: { ctx_size: 8_192 } }],
    };
    const waiting = facts({ status: 'starting' }, { waitsFor: ['vision'], estimate });
    expect(isAboutMemory(waiting)).toBe(true);
    const { sentence, evidence, remedies } = explain(waiting);
    expect(sentence).toBe(
      'qwen waits to start: vision must stop first, or finish a request; it needs 8.4 GiB of GPU nvidia:0, of which 2.8 GiB are free.',
    );
    expect(evidence).toContainEqual({
      what: 'memory',
      text: 'GPU nvidia:0 has 5.6 GiB too little: 8.4 GiB are needed, 2.8 GiB are free',
    });
    expect(remedies.map(shown)).toEqual([
      'Stop vision | stopAllInstances | {"names":["vision"]}',
      'Use a context of 8192 tokens, which fits | updateInstance | {"options":{"ctx_size":8192}}',
      'Do not start it | stopInstance',
    ]);
  });

  it('of a start that can never fit are a context that fits, a pin less, and the settings that limit it', () => {
    const estimate = {
      ...short,
      must_stop: [],
      suggestions: [{ label: 'a context of 8192 tokens', options: { ctx_size: 8_192 } }],
    };
    const shortage = {
      device: 'nvidia:0',
      need: 22 * 2 ** 30,
      most: 9.5 * 2 ** 30,
      pinned: 2 * 2 ** 30,
      limit: 'nvidia:0',
    };
    const reason = shortageText(shortage, estimate.suggestions, { overcommit: 1 });
    const { sentence, cause, evidence, remedies } = explain(facts({ status: 'failed', reason }, { estimate }));
    expect([sentence, cause]).toEqual([
      'qwen failed: it needs 22.00 GiB of nvidia:0, and can get at most 9.50 GiB, because pinned instances hold 2.00 GiB.',
      'does_not_fit',
    ]);
    // The estimate has other figures for the same memory.
    expect(evidence.map(({ text }) => text).join()).not.toContain('are needed');
    expect(remedies.map(shown).slice(0, -1)).toEqual([
      'Use a context of 8192 tokens, which fits | updateInstance | {"options":{"ctx_size":8192}}',
      'Unpin an instance | instances/pinned',
      'Raise memory.devices.nvidia:0.limit_mb | configuration/memory.devices.nvidia:0.limit_mb',
      'Raise memory.overcommit | configuration/memory.overcommit',
      'See the memory of other instances | instances',
    ]);
  });

  it('are about the file beside the model that is missing', () => {
    const options = { lora: '/m/style.gguf' };
    expect(failed('the LoRA adapter /m/style.gguf does not exist', { options }).slice(0, -1)).toEqual([
      'Correct the option lora | settings/options.lora',
      'Start without the LoRA adapter | updateInstance | {"options":{"lora":null}}',
      'Put the file back: /m/style.gguf',
    ]);
    expect(failed('the projector /m/mmproj.gguf does not exist', { model: 'qwen3' }).slice(0, -1)).toEqual([
      'Look for the files of the model again | updateInstance | {"model":"qwen3"}',
      'Start without the projector | updateInstance | {"options":{"mmproj":false}}',
      'Put the file back: /m/mmproj.gguf',
    ]);
    const [unreadable] = failed('the LoRA adapter /m/style.gguf cannot be read by llamactl’s user', { options });
    expect(unreadable).toMatch(/chmod a\+r \/m\/style\.gguf$/);
    const [damaged] = failed('the draft model /m/d.gguf is cut off', { options: { spec_draft_model: '/m/d.gguf' } });
    expect(damaged).toBe('Correct the option spec_draft_model | settings/options.spec_draft_model');
  });

  it('stop the instances that it waits for', () => {
    const { cause, remedies } = explain(facts({ status: 'starting' }, { waitsFor: ['vision'] }));
    expect(cause).toBe('waits_for');
    expect(remedies.map(shown)).toEqual([
      'Stop vision | stopAllInstances | {"names":["vision"]}',
      'Do not start it | stopInstance',
    ]);
  });

  it.each<[Cause, string, RegExp]>([
    ['model_missing', 'the model file /m/qwen.gguf does not exist', /settings\/model$/],
    [
      'model_unreadable',
      'the model file /m/qwen.gguf cannot be read by llamactl’s user',
      /chmod a\+r \/m\/qwen\.gguf$/,
    ],
    ['model_damaged', "invalid magic characters: 'abcd', expected 'GGUF' (/m/qwen.gguf)", /damaged/],
    [
      'model_damaged',
      'the model file /m/q.gguf is cut off: it has 3.0 MB, and 89 MB are missing',
      /Download .* \| models$/,
    ],
    [
      'model_damaged',
      'the model file /m/q.gguf is not a GGUF file: it is a Git LFS pointer, not the model itself (run git lfs pull)',
      /^Fetch the file itself/,
    ],
    ['wrong_file', 'the model file /m/q.gguf is a LoRA adapter, not a model; give the model', /settings\/model$/],
    ['model_too_new', "unknown model architecture: 'qwen9'", /newer llama-server/],
    [
      'port_in_use',
      "couldn't bind HTTP server socket, port: 8100: is the port in use?",
      /updateInstance \| {"port":null}$/,
    ],
    ['port_in_use', 'port 8100 is in use by python3 (pid 7)', /{"port":null}$/],
    ['engine_missing', 'llama-server was not found on the PATH (/usr/bin)', /llamactl quickstart$/],
    [
      'library_missing',
      'error while loading shared libraries: libcuda.so.1: cannot open shared object file: No such file or directory',
      /library/,
    ],
    ['gpu_memory', 'allocating 9000.00 MiB on device 0: cudaMalloc failed: out of memory', /n_gpu_layers/],
    [
      'killed',
      'the engine was killed by SIGKILL; if no user or program did that, the system ran out of memory',
      /oom$/,
    ],
    ['memory', 'unable to allocate CPU buffer', /ctx_size/],
    ['argument', 'invalid argument: --bogus', /settings$/],
    ['processor', 'the engine crashed (SIGILL): it was probably built for another processor', /built for this CPU/],
    ['crash', 'the engine crashed (SIGSEGV)', /log$/],
    [
      'no_progress',
      'the engine showed no progress for 600 s while loading (no output, memory, CPU time or reads); instances.start_timeout sets this limit',
      /configuration\/instances\.start_timeout$/,
    ],
    ['no_answer', 'the engine no longer answered its health check and showed no progress', /log$/],
    ['no_answer', 'the engine no longer answered /slots (timeout) and showed no sign of work', /log$/],
    ['ended_by_itself', 'the engine exited with status 0, although llamactl did not stop it', /settings$/],
    ['unknown', 'the engine exited with status 3', /log$/],
  ])('against %s: %s', (cause, reason, remedy) => {
    const known = facts({ status: 'failed', reason });
    expect(explain(known).cause).toBe(cause);
    expect(shown(explain(known).remedies[0] ?? { label: 'none' })).toMatch(remedy);
  });

  it('correct the command of another engine', () => {
    const [first] = failed('vllm was not found on the PATH (/usr/bin)', { engine: 'mine' });
    expect(first).toMatch(
      /configuration\/engines\.mine\.command \| llamactl config set engines\.mine\.command=PROGRAM$/,
    );
    const [own] = failed('vllm was not found on the PATH (/usr/bin)', { engine: 'custom' });
    expect(own).toMatch(/settings\/command$/);
  });

  it('use the file that a model has now', () => {
    const [first] = failed('the model file /m/qwen.gguf does not exist', { model: 'qwen3:0.6b' });
    expect(first).toBe('Use the file that qwen3:0.6b has now | updateInstance | {"model":"qwen3:0.6b"}');
  });

  it('name the command that mends all instances of a model of Ollama', () => {
    const file = `/ollama/blobs/sha256-${'0'.repeat(64)}`;
    const gone = `the model file ${file} does not exist`;
    const missing = explain(
      facts(
        { model: 'ollama:qwen3:8b', model_path: file, newer_model_path: file, status: 'stopped' },
        { health: blocked('MODEL_NOT_FOUND', gone) },
      ),
    );
    expect(missing.remedies[0]).toEqual({
      label: 'Use the file that ollama:qwen3:8b has now',
      operation: 'updateInstance',
      body: { model: 'ollama:qwen3:8b' },
      command: 'llamactl import ollama qwen3:8b --update',
    });
    const newer = explain(facts({ model: 'qwen3:8b', newer_model_path: file }));
    expect(newer.remedies).toMatchObject([{ command: 'llamactl import ollama qwen3:8b --update' }]);
  });

  it('bring back a model that Ollama no longer has', () => {
    const file = `/ollama/blobs/sha256-${'0'.repeat(64)}`;
    const gone = blocked('MODEL_NOT_FOUND', `the model file ${file} does not exist`);
    const { remedies } = explain(
      facts({ model: 'ollama:chatty:latest', model_path: file, status: 'stopped' }, { health: gone }),
    );
    expect(remedies).toEqual([
      {
        label: 'Ollama no longer has chatty:latest; to bring it back',
        command: 'ollama pull chatty:latest',
      },
      {
        label: 'Then use the file that it has',
        operation: 'updateInstance',
        body: { model: 'ollama:chatty:latest' },
        command: 'llamactl import ollama chatty:latest --update',
      },
      { label: 'Or choose another model file', link: 'settings/model' },
      { label: `Or put the file back: ${file}` },
      { label: 'Start it', operation: 'startInstance' },
      { label: 'Or delete the instance', command: 'llamactl rm qwen' },
    ]);
  });

  it('say that the import of a model replaces settings of its own instance, and how to keep them', () => {
    const file = `/ollama/blobs/sha256-${'0'.repeat(64)}`;
    const own = {
      model: 'ollama:qwen:latest',
      model_path: file,
      system_prompt: 'Be brief.',
      status: 'stopped',
    } as const;
    const gone = blocked('MODEL_NOT_FOUND', `the model file ${file} does not exist`);
    const steps = (instance: Partial<Instance>): Remedy[] => explain(facts(instance, { health: gone })).remedies;
    expect(steps(own).slice(1, 3)).toEqual([
      {
        label: 'Then use the file that it has; system prompt and request defaults of Ollama replace those of qwen',
        command: 'llamactl import ollama qwen:latest --update',
      },
      {
        label: 'Or take only the file, and keep these settings',
        operation: 'updateInstance',
        body: { model: 'ollama:qwen:latest' },
      },
    ]);
    expect(steps({ ...own, name: 'another' })[1]?.label).toBe('Then use the file that it has');
  });

  it('warn of files of Ollama if the instance names one, and no model', () => {
    const file = `/ollama/blobs/sha256-${'0'.repeat(64)}`;
    const gone = blocked('MODEL_NOT_FOUND', `the model file ${file} does not exist`);
    const { remedies } = explain(facts({ model_path: file, status: 'stopped' }, { health: gone }));
    expect(remedies.map(({ label }) => label)).toEqual([
      'Choose another model file, or a model by its name: Ollama deletes such files',
      `Or put the file back: ${file}`,
      'Start it',
    ]);
  });

  it('get a running instance its lost file before a restart', () => {
    const file = `/ollama/blobs/sha256-${'0'.repeat(64)}`;
    const health = withoutFile('healthy', 'ok');
    const newer = { model: 'qwen3:8b', newer_model_path: file, restart_required: true };
    const { cause, remedies } = explain(facts({ ...UP, ...newer }, { health }));
    expect(cause).toBe('model_missing');
    expect(remedies.map(({ label }) => label)).toEqual([
      'Use the file that qwen3:8b has now',
      'Or choose another model file',
      'Or put the file back: /m/qwen.gguf',
      'Then restart it',
    ]);
    const hung = explain(facts(UP, { health: withoutFile('unhealthy', 'timeout') }));
    expect([hung.cause, hung.remedies[0]?.label, hung.remedies.at(-1)?.label]).toEqual([
      'no_answer',
      'Look at its output',
      'Then restart it',
    ]);
  });

  it('take the newer version that the library has of a model', () => {
    const newer = { model: 'qwen3:8b', newer_model_path: '/blobs/new' };
    const { remedies, evidence } = explain(facts(newer));
    expect(remedies).toEqual([
      { label: 'Use the newer version of qwen3:8b', operation: 'updateInstance', body: { model: 'qwen3:8b' } },
    ]);
    expect(evidence).toContainEqual({ what: 'model', text: 'the library has a newer version of qwen3:8b: /blobs/new' });
    const missing = explain(
      facts({ ...newer, status: 'stopped' }, { health: blocked('MODEL_NOT_FOUND', 'the model file is gone') }),
    );
    expect(missing.remedies.filter(({ body }) => body !== undefined && 'model' in body)).toHaveLength(1);
  });

  it.each(['--bogus', '--bogus=1', '--bogus 1'])(
    'lead to the further arguments if the refused one is of them: %s',
    (word) => {
      const [first] = failed(`invalid argument: ${word}`, { extra_args: [word] });
      expect(first).toMatch(/settings\/extra_args$/);
      const [other] = failed(`invalid argument: ${word}`, { extra_args: ['--bogus-other'] });
      expect(other).toMatch(/settings$/);
    },
  );

  it.each([
    'environment variable LLAMA_ARG_THREADS: "many" is no number',
    'the stored variable `LLAMA_ARG_THREADS` is set by llamactl',
  ])('lead to the variable that is refused: %s', (reason) => {
    expect(failed(reason, {})[0]).toMatch(/settings\/environment\.LLAMA_ARG_THREADS$/);
  });

  it('take the flag that was probably meant, if the options of the engine are known', () => {
    const refused = facts({
      status: 'failed',
      reason: 'invalid argument: --flash-atn',
      last_exit: ended({ reason: 'invalid argument: --flash-atn' }),
      extra_args: ['--verbose', '--flash-atn', 'on'],
    });
    expect(isAboutOptions(refused)).toBe(true);
    const meantOption = (name: string): string | null => (name === 'flash_atn' ? 'flash_attn' : null);
    const known = explain({ ...refused, engineOptions: new Set(['flash_attn']), meantOption });
    expect(known.remedies.map(shown)).toEqual([
      'Use `--flash-attn` instead of `--flash-atn` | updateInstance | {"extra_args":["--verbose","--flash-attn","on"]}',
      'Correct its further arguments | settings/extra_args',
      'Start it | startInstance',
    ]);
    const [first] = explain({ ...refused, engineOptions: new Set(['threads']), meantOption: () => null }).remedies;
    expect(first?.link).toBe('settings/extra_args');
    // The other name alone would not help here: the engine gets one argument with a space.
    const joined = { ...refused.instance, extra_args: ['--flash-atn on'] };
    const [other] = explain({
      ...refused,
      instance: joined,
      engineOptions: new Set(['flash_attn']),
      meantOption,
    }).remedies;
    expect(other?.link).toBe('settings/extra_args');
  });

  it.each([
    ['own', 'configuration/engines.own.command', ['configuration/engines.own.environment.NAME']],
    ['custom', 'settings/command', []],
  ])('lead to the parts of the unknown program of the engine %s', (engine, command, variables) => {
    const reason = 'the engine exited with status 1: No such file or directory: /etc/own.conf';
    const { cause, remedies } = explain(
      facts({
        status: 'failed',
        engine,
        model_path: undefined,
        reason,
        environment: { HF_HOME: '/x' },
        last_exit: ended({ reason }),
      }),
    );
    expect(cause).toBe('unknown');
    expect(remedies.map(({ link, operation }) => link ?? operation)).toEqual([
      'log',
      command,
      'settings/extra_args',
      'settings/environment',
      ...variables,
      'startInstance',
    ]);
  });

  it.each(['the engine crashed (SIGSEGV)', 'the engine exited with status 3'])(
    'lead to the variables that an instance sets: %s',
    (reason) => {
      const step = 'Check its environment variables | settings/environment';
      expect(failed(reason, { environment: { GGML_CUDA: '1' } })).toContain(step);
      expect(failed(reason)).not.toContain(step);
    },
  );

  it.each([
    ['custom', 'Set the variable VOICE_DIR | settings/environment.VOICE_DIR'],
    [
      'voice',
      'Set the variable VOICE_DIR of the engine voice, then run llamactl reload | configuration/engines.voice.environment.VOICE_DIR | llamactl config set engines.voice.environment.VOICE_DIR=VALUE',
    ],
  ])('set the variable that the program of the engine %s asks for', (engine, first) => {
    expect(failed('the engine exited with status 2: FATAL: VOICE_DIR is not set', { engine })[0]).toBe(first);
    const lines = ['FATAL: VOICE_DIR is not set', 'bye'];
    const reason = 'the engine exited with status 2: bye';
    const quiet = facts({ status: 'failed', engine, reason, last_exit: ended({ reason, lines }) });
    expect(shown(explain(quiet).remedies[0] ?? { label: 'none' })).toBe(first);
  });

  it('name the option that the engine refuses', () => {
    const [first, second] = failed('argument --ctx-size: not a number', { options: { ctx_size: 'many' } });
    expect(first).toBe('Remove the option ctx_size | updateInstance | {"options":{"ctx_size":null}}');
    expect(second).toMatch(/settings\/options\.ctx_size$/);
  });

  it('try the settings that were changed after a failure', () => {
    const last = ended({ code: null, reason: 'the model file /m/x.gguf does not exist' });
    const changed = {
      status: 'failed' as const,
      reason: last.reason,
      last_exit: last,
      updated_at: '2026-03-01T11:58:00Z',
    };
    const { evidence, remedies } = explain(facts(changed));
    expect(evidence).toContainEqual({ what: 'last exit', text: '3m 0s ago' });
    expect(remedies.map(shown)).toEqual(['Start it with the new settings | startInstance']);
  });

  it('of settings that were changed in vain leave the earlier failure and its line alone', () => {
    const last = ended({ reason: 'invalid argument: --bogus', lines: ['0.01 E error: invalid argument: --bogus'] });
    const changed = {
      status: 'failed' as const,
      reason: last.reason,
      last_exit: last,
      updated_at: '2026-03-01T11:58:00Z',
    };
    const health = blocked('PORT_IN_USE', 'Port 8100 is in use by python3 (pid 7).');
    const { cause, evidence, log_seq: seq } = explain(facts(changed, { health }));
    expect([cause, seq]).toEqual(['port_in_use', null]);
    expect(evidence.map(({ what }) => what)).not.toContain('log');
    expect(evidence).toContainEqual({ what: 'last exit', text: 'status 1, 3m 0s ago: invalid argument: --bogus' });
  });

  it('end with a start, and the evidence says what else triggers one', () => {
    const reason = 'the engine exited with status 3';
    const why = (on_demand: boolean) => explain(facts({ status: 'failed', reason, on_demand }));
    expect(shown(why(true).remedies.at(-1) ?? { label: 'none' })).toBe('Start it | startInstance');
    expect(why(true).evidence).toContainEqual({ what: 'retry', text: 'at most every 30 s, when a request comes' });
    expect(why(false).evidence).toContainEqual({ what: 'retry', text: 'by hand only' });
  });

  it.each([
    ['ENGINE_NOT_FOUND', 'llama-server was not found on the PATH (/usr/bin)', /llamactl quickstart$/],
    ['PORT_IN_USE', 'Port 8100 is in use by python3 (pid 7); end it, or give qwen another port.', /{"port":null}$/],
    ['MODEL_NOT_FOUND', 'the model file /m/qwen.gguf does not exist', /settings\/model$/],
    [
      'CAPACITY_EXCEEDED',
      'pinned instances hold every slot that it could have; unpin one',
      /Unpin .* instances\/pinned$/,
    ],
  ] as const)('against an obstacle to a start, %s: %s', (code, message, remedy) => {
    const { cause, remedies } = explain(facts({ status: 'stopped' }, { health: blocked(code, message) }));
    expect(cause).toBe(causeOfObstacle({ code, message }));
    expect(shown(remedies[0] ?? { label: 'none' })).toMatch(remedy);
    expect(remedies.at(-1)).toEqual({ label: 'Start it', operation: 'startInstance' });
  });

  it('are empty if nothing is wrong', () => {
    const sound = explain(facts({ ...UP }, { health: health('healthy', 'ok') }));
    expect([sound.cause, sound.remedies]).toEqual([null, []]);
  });

  it('suggest a restart for changed settings', () => {
    const { remedies } = explain(facts({ ...UP, restart_required: true }, { health: health('healthy', 'ok') }));
    expect(remedies).toEqual([{ label: 'Restart it to apply them', operation: 'restartInstance' }]);
  });
});

describe('the cause of an end', () => {
  it.each([
    'stopped as asked',
    'it was evicted: another instance needed its slot or memory',
    'idle for 300 s (idle_timeout)',
    'going down to start again with its new settings',
    'the machine was rebooted',
  ])('is none if the end was wanted: %s', (reason) => {
    expect(causeOfEnd(reason, { engine: 'llama_cpp' })).toBeNull();
  });

  it('is that of the reason otherwise', () => {
    expect(causeOfEnd('the engine crashed (SIGSEGV)', { engine: 'llama_cpp' })).toBe('crash');
  });

  it.each([
    ['DOES_NOT_FIT', 'the memory is too small: it needs 22 GB', 'does_not_fit'],
    ['VALIDATION_ERROR', 'engine cannot be "gone"', 'engine_missing'],
    ['PRIVILEGED_OPTION', 'the stored variable `LD_PRELOAD` runs code', 'argument'],
    ['MODEL_NOT_FOUND', 'something new about the model file', 'model_missing'],
    ['MODEL_NOT_FOUND', 'the model file /m/x.gguf is damaged', 'model_damaged'],
  ])('follows from the code of an obstacle, else from its message: %s, %s', (code, message, cause) => {
    expect(causeOfObstacle({ code, message } as Parameters<typeof causeOfObstacle>[0])).toBe(cause);
  });
});

describe('the evidence', () => {
  const evidence = (known: WhyFacts): Record<string, string> =>
    Object.fromEntries(explain(known).evidence.map(({ what, text }) => [what, text]));

  it('of a healthy instance is its process and port', () => {
    const stats = { memory_usage: 1.2 * GB, cpu_usage: 0, threads: 1, read_bytes: 0, write_bytes: 0, uptime: 1 };
    const known = facts(
      { ...UP, stats: { ...stats, gpu_memory_usage: null, gpus: [] } },
      { health: health('healthy', 'ok') },
    );
    expect(evidence(known)).toEqual({ process: '42, 1.1 GiB of memory', port: '8100, open; answer: ok' });
  });

  it('of a failure is its exit and the line behind the reason', () => {
    const lines = ['0.01 I loading', '0.02 E gguf: failed to read header', '0.03 E exiting'];
    const known = facts({ status: 'failed', reason: 'failed to read header (/m/q.gguf)', last_exit: ended({ lines }) });
    expect(evidence(known)).toEqual({
      port: '8100',
      'last exit': 'status 1, 3m 0s ago: failed to read header',
      log: '0.02 E gguf: failed to read header',
      retry: 'at most every 30 s, when a request comes',
    });
  });

  it('of a refused argument is the line that names it', () => {
    const lines = ['0.1 E cmn: malformed value', 'error while handling argument "--x": error: bad: 5', 'usage:'];
    const known = facts({ status: 'failed', reason: 'argument --x: bad: 5', last_exit: ended({ lines }) });
    expect(evidence(known)['log']).toBe(lines[1]);
  });

  it('shows the place of that line in the log', () => {
    const entry = (seq: number, message: string): LogEntry => ({
      timestamp: '2026-03-01T11:57:00Z',
      level: 'info',
      message,
      seq,
    });
    const lines = ['0.01 I loading', '0.02 E gguf: failed to read header', '0.03 E exiting'];
    const log = lines.map((line, index) => entry(10 + index, line));
    const known = facts(
      { status: 'failed', reason: 'failed to read header (/m/q.gguf)', last_exit: ended({ lines }) },
      { log },
    );
    expect(explain(known).log_seq).toBe(11);
    expect(explain({ ...known, log: [] }).log_seq).toBeNull();
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
      memory: '6.6 GiB of 7.5 GiB of memory are in use',
      restarts: '2 in a row, at most 5',
    });
  });

  it('has the last error of the run that failed, and none of an earlier run', () => {
    const entry = { timestamp: '2026-03-01T11:57:00Z', level: 'error' as const, message: 'bad things', seq: 9 };
    const known = (lines: string[]): WhyFacts =>
      facts({ status: 'failed', reason: 'x', last_exit: ended({ lines }) }, { log: [entry] });
    expect(evidence(known(['0.00.1 E bad things', 'bye']))['log']).toBe('bad things');
    expect(evidence(known(['bye']))['log']).toBe('bye');
  });

  it('has the last error of a running engine, since its start', () => {
    const entry = { timestamp: '2026-03-01T11:57:00Z', level: 'error' as const, message: 'bad things', seq: 9 };
    const sick = (startedAt: string): WhyFacts =>
      facts({ ...UP, started_at: startedAt }, { health: health('unhealthy', 'timeout'), log: [entry] });
    expect(evidence(sick('2026-03-01T11:56:00Z'))['log']).toBe('bad things');
    expect(evidence(sick('2026-03-01T11:58:00Z'))['log']).toBeUndefined();
  });

  it('has the alerts, except those that repeat the sentence', () => {
    const alert = (code: string): Alert => ({ level: 'error', code, message: code, raised_at: '2026-03-01T11:00:00Z' });
    const known = facts({ ...UP }, { alerts: ['instance_failed', 'starts_blocked', 'memory_low'].map(alert) });
    expect(explain(known).evidence.filter(({ what }) => what === 'alert')).toMatchObject([{ text: 'memory_low' }]);
  });

  it('has a partial GPU offload, and a remedy', () => {
    const message = 'the engine offloaded 12/33 layers to GPU';
    const alert = { level: 'warning', code: 'gpu_offload_short', message, raised_at: '2026-03-01T11:00:00Z' } as const;
    const slow = facts({ ...UP }, { health: health('healthy', 'ok'), alerts: [alert] });
    expect(evidence(slow)['alert']).toBe(message);
    expect(explain(slow).remedies.map(shown).join()).toMatch(/ctx_size.*"n_gpu_layers":0/);
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
      return explain(known).remedies.map(shown).join();
    };
    expect(remedies('the engine found no usable GPU', 32_768)).not.toContain('ctx_size');
    expect(remedies('the engine offloaded 12/33 layers to GPU', 4_096)).not.toContain('ctx_size');
    expect(remedies('the engine offloaded 12/33 layers to GPU', 8_192)).toContain('"ctx_size":4096');
  });
});

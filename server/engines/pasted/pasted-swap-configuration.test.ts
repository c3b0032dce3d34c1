import { readFileSync } from 'node:fs';
import type { Parsed, ParsedInstance } from '@llamactl/contract/engine';
import { CreateInstanceSchema } from '@llamactl/contract/instance';
import { describe, expect, it } from 'vitest';
import { parseHelp } from '../flags.ts';
import { parsePasted } from './pasted-text.ts';

const HELP = readFileSync(new URL('../fixtures/llama-server-help.txt', import.meta.url), 'utf8');
const catalogue = parseHelp(HELP);

function parsed(text: string): Parsed {
  return parsePasted(text, { catalogue, allowPrivileged: false });
}

function instanceOf(answer: Parsed, model: string): ParsedInstance {
  const found = answer.instances.find((each) => each.model === model);
  if (found === undefined) throw new Error(`${model} was not read: ${JSON.stringify(answer.unread)}`);
  return found;
}

const whyOf = ({ dropped }: Pick<Parsed, 'dropped'>, text: string): string | undefined =>
  dropped?.find((each) => each.text === text)?.why;

describe('a model of llama-swap that cannot be read', () => {
  it.each([
    [
      'cmd: vllm serve Qwen/Qwen3-8B --port ${PORT}',
      /begins with "vllm".*`engines.bad` of the configuration.*`llamactl create bad --engine bad`/,
    ],
    ['cmd: "/opt/kokoro/server --port ${PORT} --voices /v"', /kokoro\/server", which is not a llama-server/],
    ['cmd: /opt/whisper.cpp/server -m /m.bin', /whisper.cpp\/server", which is not a llama-server/],
    ['cmd: ${nope} -m /m.gguf', /^uses the macro \$\{nope\}, which is not defined$/],
    ['cmd: llama-server -m ${env.HOME}/m.gguf', /^uses \$\{env.HOME\}, and the server does not read this variable/],
    ["cmd: llama-server -m 'open", /^has a quote that is not closed$/],
    ['cmd: bash -c "cd /m && llama-server -m m.gguf"', /^runs a script of a shell/],
    [
      '{ cmd: llama-server -m /m.gguf, env: ["A=${env.B}"] }',
      /^uses \$\{env.B\}, and the server does not read this variable/,
    ],
    ['{ cmd: vllm serve x, env: ["A=${env.B}"] }', /^uses \$\{env.B\}, and the server does not read this variable/],
    [
      '{ cmd: llama-server -m /m.gguf, filters: { setParams: { user: "${env.B}" } } }',
      /^uses \$\{env.B\}, and the server does not read this variable/,
    ],
    ['cmd: [llama-server]', /^has no text in `cmd`$/],
    ['{ cmd: llama-server, aliases: gpt }', /^has "gpt" in `aliases` \(line 4\), where llama-swap accepts a list$/],
    ['{ cmd: llama-server, ttl: 5m }', /^has "5m" in `ttl` \(line 4\), where llama-swap accepts a number of seconds$/],
    ['{ ttl: 5 }', /^has no text in `cmd`$/],
  ])('is named with its line, and the others are read: %s', (model, why) => {
    const answer = parsed(`models:\n  good: { cmd: llama-server -m /g.gguf }\n  bad:\n    ${model}\n`);
    expect(answer.instances.map((each) => [each.model, each.line])).toEqual([['good', 2]]);
    expect(answer.unread).toMatchObject([{ model: 'bad', line: 3, why: expect.stringMatching(why) as string }]);
  });
});

describe('the parts of a llama-swap configuration that are not taken', () => {
  const cmd = (words: string): Parsed =>
    parsePasted(`models: { a: { cmd: "${words} -m /m.gguf" } }`, {
      catalogue,
      allowPrivileged: false,
      command: '/l/llama-server',
    });

  it.each(['/l/llama-server --port ${PORT} --host 0.0.0.0', 'llama-server --port=${PORT} --host=::'])(
    'have no address, and no llama-server that is configured: %s',
    (words) => {
      expect(cmd(words).instances[0]?.dropped).toEqual([]);
    },
  );

  it('have another llama-server', () => {
    expect(whyOf(cmd('/other/llama-server').instances[0] ?? {}, '/other/llama-server')).toContain('llamactl starts');
  });

  it('have misspelt keys with those that were meant', () => {
    const answer = parsed(
      'globalTtl: 5\nmodels:\n  a: { cmd: llama-server -m /m.gguf, alias: [b], filters: { stripParam: x } }\n',
    );
    expect(whyOf(answer, 'globalTtl: 5')).toBe('llama-swap has no such setting; did you mean `globalTTL`?');
    const { dropped } = instanceOf(answer, 'a');
    expect(whyOf({ dropped }, 'alias')).toBe('llama-swap has no such setting; did you mean `aliases`?');
    expect(whyOf({ dropped }, 'filters.stripParam')).toContain('did you mean `stripParams`?');
  });

  it('have the members of groups that are no models', () => {
    const answer = parsed(
      'models:\n  qwen: { cmd: llama-server -m /m.gguf }\ngroups:\n  g: { members: [qwen, qwenn, zzzzzz] }\n',
    );
    expect(whyOf(answer, 'groups.g.members: qwenn')).toBe('is no model of this file; did you mean `qwen`?');
    expect(whyOf(answer, 'groups.g.members: zzzzzz')).toBe('is no model of this file');
  });
});

it('a llama-swap configuration may have macros alone', () => {
  expect(parsed('macros:\n  a: b\nstartPort: 1\n')).toMatchObject({ format: 'llama_swap', instances: [] });
});

describe('a program called server', () => {
  it.each(['-m /m.gguf', '--model=/m.gguf', '-hf org/repo'])('is llama-server if it loads a model: %s', (words) => {
    const answer = parsed(`models:\n  a: { cmd: "/opt/llama.cpp/build/server --port \${PORT} ${words}" }\n`);
    expect(answer.instances.map(({ model }) => model)).toEqual(['a']);
  });
});

describe('a command whose options are unknown, because llama-server is not found', () => {
  const CMD =
    '/opt/llama-server --port ${PORT} -m /m.gguf -c 5 --alias a,b --chat-template-file /x.jinja --api-key=k --jinja';
  const read = (allowPrivileged: boolean): Parsed =>
    parsePasted(`models:\n  a: { cmd: "${CMD}" }\n  hub: { cmd: llama-server -hf org/repo }\n`, {
      catalogue: null,
      allowPrivileged,
    });

  it('becomes arguments, except those that instances may not have', () => {
    const answer = read(false);
    const { settings, dropped } = instanceOf(answer, 'a');
    expect(settings).toMatchObject({ model_path: '/m.gguf', aliases: ['b'], extra_args: ['-c', '5', '--jinja'] });
    expect(whyOf({ dropped }, '--chat-template-file /x.jinja')).toContain('`security.allow_privileged: true`');
    expect(whyOf({ dropped }, '--api-key=***')).toContain('is set by llamactl');
    expect(instanceOf(answer, 'hub').settings).toMatchObject({ model: 'org/repo' });
    expect(instanceOf(read(true), 'a').settings.extra_args).toContain('--chat-template-file');
  });

  it('says once that the program has to be set first', () => {
    expect(whyOf(read(false), '/opt/llama-server')).toMatch(
      /^`engines.llama_cpp.command` .*Set this first: the options of the models are checked after it$/,
    );
    const other = parsePasted('models:\n  a: { cmd: llama-server -m /m.gguf }\n', {
      catalogue: null,
      allowPrivileged: false,
    });
    expect(whyOf(other, 'llama-server')).toMatch(/^`engines.llama_cpp.command` .*Set this first/);
  });
});

describe('a command in a shell', () => {
  it('is read if it is one plain command', () => {
    const answer = parsed('models:\n  a:\n    cmd: bash -lc "exec llama-server --port ${PORT} -m /m.gguf -c 5"\n');
    expect(instanceOf(answer, 'a').settings).toMatchObject({ model_path: '/m.gguf', options: { ctx_size: 5 } });
  });
});

describe('broken YAML', () => {
  it.each([
    ['models:\n  a:\n    cmd: llama-server\n   ttl: 5\n', /^The text is YAML with a mistake in line 4/],
    ['models:\n  a:\n    cmd: llama-server\n\tx: 1\n', /line 4, column 1: Tabs are not allowed/],
    ['models:\n  a:\n    cmd: llama-server\n    cmd: llama-server\n', /line 4: "cmd" is there twice/],
    ['models:\n  a:\n    cmd: *server\n', /mistake: Unresolved alias/],
  ])('is refused with the line of the mistake: %j', (text, message) => {
    expect(() => parsed(text)).toThrow(message);
  });
});

describe('the settings of a model', () => {
  it('are read without the comments of its command, which may name any macro', () => {
    const answer = parsed(`macros:
  latest: |
    /path/to/llama-server-ec9e0301
    --port \${PORT}
models:
  a:
    cmd: |
      # \${latest} is a macro that is defined above
      \${latest}
        # \${unknown} \\
      --model /m.gguf -c 5
`);
    expect(instanceOf(answer, 'a').settings).toMatchObject({ model_path: '/m.gguf', options: { ctx_size: 5 } });
  });

  it('have the older name of stripped parameters, unless the newer one is there', () => {
    const withFilters = (filters: string): ParsedInstance =>
      instanceOf(parsed(`models:\n  a: { cmd: llama-server -m /m.gguf, filters: ${filters} }\n`), 'a');
    expect(withFilters('{ strip_params: "temperature, top_p" }').settings.request_strip).toEqual([
      'temperature',
      'top_p',
    ]);
    const both = withFilters('{ strip_params: top_p, stripParams: temperature }');
    expect(both.settings.request_strip).toEqual(['temperature']);
    expect(whyOf(both, 'filters.strip_params')).toContain('older name');
  });

  it('have options that read files if the configuration allows privileged ones', () => {
    const text = 'models:\n  a: { cmd: llama-server -m /m.gguf --chat-template-file /x.jinja --slot-save-path /s }\n';
    const templates = parseHelp(
      `${HELP}\n--chat-template-file JINJA_TEMPLATE_FILE    set custom jinja chat template file\n`,
    );
    const read = (allowPrivileged: boolean): ParsedInstance =>
      instanceOf(parsePasted(text, { catalogue: templates, allowPrivileged }), 'a');
    const { settings, dropped } = read(false);
    expect(settings.options).toBeUndefined();
    expect(whyOf({ dropped }, '--chat-template-file /x.jinja')).toContain('set `security.allow_privileged: true`');
    expect(whyOf({ dropped }, '--slot-save-path /s')).toContain('needs `security.allow_privileged: true`');
    expect(read(true).settings.options).toEqual({ chat_template_file: '/x.jinja', slot_save_path: '/s' });
  });

  it('have the filters as fields of requests', () => {
    const answer = parsed(`models:
  a:
    cmd: llama-server -m /m.gguf
    filters:
      stripParams: "temperature, top_p, model"
      setParams: { max_tokens: 24, model: x }
      setParamsByID: { "a:high": { n: 1 } }
`);
    const { settings, dropped } = instanceOf(answer, 'a');
    expect(settings.request_strip).toEqual(['temperature', 'top_p', 'max_tokens']);
    expect(settings.request_defaults).toEqual({ max_tokens: 24 });
    expect(dropped.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['filters.setParams.model', 'filters.setParamsByID.a:high: {"n":1}']),
    );
  });

  it('without a counterpart are named with their numbers, so that a changed one differs', () => {
    const answer = parsed(
      'models:\n  a: { cmd: llama-server -m /m.gguf, timeouts: { connect: 5 }, healthCheckTimeout: 9, proxy: "http://u:p@x" }\n',
    );
    expect(instanceOf(answer, 'a').dropped.map(({ text }) => text)).toEqual([
      'timeouts: {"connect":5}',
      'healthCheckTimeout: 9',
      'proxy',
    ]);
  });

  it('have no variable that an instance may not set', () => {
    const answer = parsed(
      'models:\n  a:\n    cmd: llama-server -m /m.gguf\n    env: [LD_PRELOAD=/y, OMP_NUM_THREADS=2]\n',
    );
    const { settings, dropped } = instanceOf(answer, 'a');
    expect(settings.environment).toEqual({ OMP_NUM_THREADS: '2' });
    expect(whyOf({ dropped }, 'LD_PRELOAD=/y')).toMatch(/not on the list of variables.*`environment` of the engine/);
  });

  it('have the name of the model where a macro uses it', () => {
    const answer = parsed('macros: { s: "llama-server -m /m/${MODEL_ID}.gguf" }\nmodels:\n  a: { cmd: "${s}" }\n');
    expect(instanceOf(answer, 'a').settings.model_path).toBe('/m/a.gguf');
  });

  it('have their name once, also if the command gives it as an alias or names its container', () => {
    const answer = parsed(`models:
  a: { cmd: "llama-server -m /m.gguf --alias a" }
  b: { cmd: "docker run --name b-\${PORT} ghcr.io/ggml-org/llama.cpp:server -m /m.gguf" }
`);
    expect(instanceOf(answer, 'a').settings.aliases).toBeUndefined();
    const { settings, dropped } = instanceOf(answer, 'b');
    expect(settings.name).toBe('b');
    expect(whyOf({ dropped }, '--name b-${PORT}')).toBe('is an option of the container');
  });

  it('show no secret that is dropped', () => {
    const text = 'models:\n  a:\n    cmd: llama-server -m /m.gguf --api-key s3 --my-token=s3\n    env: [MY_KEY=s3]\n';
    const { dropped } = instanceOf(parsed(text), 'a');
    expect(dropped.map((each) => each.text)).toEqual(['MY_KEY=***', '--api-key ***', '--my-token=***']);
  });

  it('have aliases of the newer form', () => {
    const answer = parsed('models:\n  a: { cmd: llama-server -m /m.gguf, aliases: [{ id: gpt, unlisted: true }] }\n');
    expect(instanceOf(answer, 'a').settings.aliases).toEqual(['gpt']);
  });

  it('have no argument with the port that llamactl chooses', () => {
    const { settings, dropped } = instanceOf(
      parsed('models:\n  a: { cmd: "llama-server -m /m.gguf --override-tensor p=${PORT}" }\n'),
      'a',
    );
    expect(settings.options).toBeUndefined();
    expect(whyOf({ dropped }, '--override-tensor p=${PORT}')).toMatch(/free port/);
  });
});

describe('globalTTL', () => {
  it('is the idle time of models without a ttl, and with -1', () => {
    const model = (ttl: string): string => `{ cmd: llama-server -m /m.gguf${ttl} }`;
    const answer = parsed(
      `globalTTL: 900\nmodels:\n  none: ${model('')}\n  own: ${model(', ttl: 0')}\n  same: ${model(', ttl: -1')}\n`,
    );
    expect(answer.instances.map(({ settings }) => settings.idle_timeout)).toEqual([900, 0, 900]);
    expect(whyOf(answer, 'globalTTL: 900')).toContain('`instances.idle_timeout`');
  });

  it('is missed by a ttl of -1, which says so', () => {
    const { settings, dropped } = instanceOf(parsed('models:\n  a: { cmd: llama-server, ttl: -1 }\n'), 'a');
    expect(settings.idle_timeout).toBeUndefined();
    expect(whyOf({ dropped }, 'ttl: -1')).toContain('`instances.idle_timeout`');
  });
});

describe('other global settings of llama-swap', () => {
  const answer = parsed(`
healthCheckTimeout: 5
startPort: 10001
sendLoadingState: true
includeAliasesInList: true
logLevel: debug
captureBuffer: 15
apiKeys: [sk-secret]
hooks: { on_startup: { preload: [a, b/x] } }
peers: { x: { apiKey: sk-other } }
models:
  a: { cmd: llama-server -m /m.gguf }
  b/x: { cmd: llama-server -m /m.gguf }
groups: { g: { swap: false, exclusive: false, members: [a, b/x] } }
`);

  it('are listed with their counterparts', () => {
    expect(answer.dropped?.map(({ text }) => text)).toEqual([
      'groups.g',
      'healthCheckTimeout: 5',
      'startPort: 10001',
      'sendLoadingState: true',
      'includeAliasesInList: true',
      'logLevel: debug',
      'captureBuffer: 15',
      'apiKeys',
      'hooks',
      'peers',
    ]);
    expect(whyOf(answer, 'startPort: 10001')).toContain('`instances.port_range`');
    // A start of several instances at once evicts none.
    expect(whyOf(answer, 'hooks')).toContain('`llamactl start a && llamactl start b-x`');
    expect(whyOf(answer, 'captureBuffer: 15')).toBe('llamactl has no such setting');
  });

  it('are lines of the configuration where it has them', () => {
    expect(answer.configuration).toEqual({
      instances: { start_timeout: 15 },
      gateway: { aliases_in_models: true },
    });
  });

  it('never show a key', () => {
    expect(JSON.stringify(answer)).not.toMatch(/sk-/);
  });
});

describe('names that collide', () => {
  it('get a number, and say so: names of instances ignore case', () => {
    const answer = parsed(
      'models:\n  a: { cmd: llama-server }\n  A: { cmd: llama-server }\n  a-2: { cmd: llama-server }\n  x/y: { cmd: llama-server }\n  x-y: { cmd: llama-server }\n',
    );
    expect(answer.instances.map(({ settings }) => settings.name)).toEqual(['a', 'A-3', 'a-2', 'x-y', 'x-y-2']);
    expect(whyOf(instanceOf(answer, 'A'), 'A')).toBe(
      'the instance of "a" has the name A already (names ignore case); this one is called A-3',
    );
    expect(instanceOf(answer, 'x/y').settings.aliases).toEqual(['x/y']);
  });

  it('are taken from the later model if they are aliases', () => {
    const answer = parsed(
      'models:\n  a: { cmd: llama-server, aliases: [gpt, B] }\n  b: { cmd: llama-server, aliases: [gpt, x] }\n',
    );
    expect(answer.instances.map(({ settings }) => settings.aliases)).toEqual([['gpt'], ['x']]);
    expect(whyOf(instanceOf(answer, 'a'), 'aliases: B')).toBe('the model "b" has this name already');
    expect(whyOf(instanceOf(answer, 'b'), 'aliases: gpt')).toBe('the model "a" has this name already');
  });

  it('give settings that a create accepts', () => {
    const answer = parsed(
      `models:\n  ${'a'.repeat(63)}: { cmd: llama-server }\n  ${'A'.repeat(63)}: { cmd: llama-server }\n`,
    );
    for (const { settings } of answer.instances) expect(CreateInstanceSchema.safeParse(settings).error).toBeUndefined();
  });
});

import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Answerer, ChatServer, refuses, says, sendPiece } from '../testing/chat-server.ts';
import { CommandSandbox, type RunResult } from '../testing/command-run.ts';
import { CTRL_C, CTRL_D, PROMPT, Typist, type Step } from '../testing/typist.ts';

let server: ChatServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await new ChatServer().listen();
  server.add('qwen', { status: 'running' });
  sandbox = new CommandSandbox();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.leave();
  sandbox.dispose();
});

/** Runs a conversation of these steps to its end. */
async function talk(steps: readonly Step[], ...flags: string[]): Promise<RunResult> {
  const typist = new Typist(steps);
  const environment = { LLAMACTL_URL: server.url, NO_COLOR: '1' };
  const result = await sandbox.run(['run', 'qwen', ...flags], { ...typist.options, environment });
  expect(typist.left).toEqual([]);
  return result;
}

/** The messages of each request, without roles. */
function said(): unknown[][] {
  return server.questions.map(({ messages }) => messages.map(({ content }) => content));
}

describe('a conversation', () => {
  it('remembers earlier messages until it ends', async () => {
    server.answerers = [says('One.'), says('Two.')];
    const steps: Step[] = [
      [PROMPT, 'first\r'],
      [PROMPT, 'second\r'],
      [PROMPT, '/exit\r'],
    ];
    const { status, stdout, stderr } = await talk(steps, '--system', 'Be brief.');
    expect(said()).toEqual([
      ['Be brief.', 'first'],
      ['Be brief.', 'first', 'One.', 'second'],
    ]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'One.\nTwo.\n' });
    expect(stderr).toContain('qwen keeps running; to stop it: llamactl stop qwen');
  });

  it.each([
    ['Ctrl-D', [[PROMPT, CTRL_D]]],
    [
      'Ctrl-C twice at an empty prompt',
      [
        [PROMPT, CTRL_C],
        [/Ctrl-C again[^]*> $/, CTRL_C],
      ],
    ],
    ['/bye', [[PROMPT, '/bye\r']]],
  ] satisfies [string, Step[]][])('ends with %s', async (_key, steps) => {
    expect(await talk(steps)).toMatchObject({ status: 0, stdout: '' });
    expect(said()).toEqual([]);
  });

  it.each(['xterm', 'dumb'])('drops a line that is not empty on Ctrl-C, without ending (TERM=%s)', async (term) => {
    vi.stubEnv('TERM', term);
    await talk([
      [PROMPT, 'no, wait'],
      [/no, wait$/, CTRL_C],
      [PROMPT, CTRL_C],
      [PROMPT, 'this\r'],
      [PROMPT, CTRL_D],
    ]);
    expect(said()).toEqual([['this']]);
  });

  it('takes a system prompt of several lines, and shows it', async () => {
    const { stderr } = await talk([
      [PROMPT, '/set system """You are\r'],
      [/… $/, 'a "pirate"."""\r'],
      [PROMPT, '/show system\r'],
      [PROMPT, 'Hi\r'],
      [PROMPT, CTRL_D],
    ]);
    expect(said()).toEqual([['You are\na "pirate".', 'Hi']]);
    expect(stderr.replaceAll('\r', '')).toContain('system: You are\na "pirate".\n');
  });

  it('shows the parameters and the prompt that the instance adds', async () => {
    server.add('qwen', {
      status: 'running',
      system_prompt: 'Be brief.',
      request_defaults: { top_k: 9, max_tokens: 12 },
    });
    const { stderr } = await talk([
      [PROMPT, '/system\r'],
      [PROMPT, '/set parameter num_predict -1\r'],
      [PROMPT, '/show parameters\r'],
      [PROMPT, CTRL_D],
    ]);
    expect(stderr).toContain('Be brief.\n');
    expect(stderr).toContain('\nmax_tokens -1 (no limit)\n');
    expect(stderr).toContain('of this chat:\n  num_predict -1 (no limit)\nof qwen:\n  top_k 9\n  num_predict 12\n');
  });

  it('prints figures after answers once it is verbose', async () => {
    await talk([
      [PROMPT, '/set verbose\r'],
      [PROMPT, 'Hi\r'],
      [PROMPT, '/set quiet\r'],
      [PROMPT, 'Hi\r'],
      [PROMPT, CTRL_D],
    ]);
    expect(server.questions.map((question) => 'stream_options' in question)).toEqual([true, false]);
  });

  it('wraps a long message between words', async () => {
    const { stderr } = await talk([
      [PROMPT, '/set bogus 1\r'],
      [PROMPT, CTRL_D],
    ]);
    const lines = stderr.replaceAll('\r', '').split('\n');
    const at = lines.findIndex((line) => line.startsWith('there is no setting bogus'));
    expect(lines.slice(at, at + 2)).toEqual([
      expect.stringMatching(/^.{60,80}$/) as string,
      expect.stringMatching(/^[a-z_]+, .*$/) as string,
    ]);
  });

  it('accepts several lines between triple quotes', async () => {
    await talk([
      [PROMPT, '"""one\r'],
      [/… $/, 'two"""\r'],
      [PROMPT, CTRL_D],
    ]);
    expect(said()).toEqual([['one\ntwo']]);
  });

  it('forgets with /clear, and changes with /system and /set', async () => {
    const { stderr } = await talk([
      [PROMPT, 'first\r'],
      [PROMPT, '/clear\r'],
      [PROMPT, '/system Be kind.\r'],
      [PROMPT, '/set temperature 0.2\r'],
      [PROMPT, 'second\r'],
      [PROMPT, '/set temperature\r'],
      [PROMPT, '/nonsense\r'],
      [PROMPT, 'third\r'],
      [PROMPT, CTRL_D],
    ]);
    expect(server.questions[1]).toMatchObject({
      temperature: 0.2,
      messages: [{ role: 'system', content: 'Be kind.' }, { content: 'second' }],
    });
    expect(server.questions[2]).not.toHaveProperty('temperature');
    expect(stderr).toContain('unknown command /nonsense');
  });

  it('stops an answer on Ctrl-C, and keeps the part that arrived', async () => {
    let isEngineTold = false;
    server.answerers = [
      (response: ServerResponse) => {
        response.once('close', () => (isEngineTold = true));
        sendPiece(response, { content: 'Once upon' });
      },
      says('Sorry.'),
    ];
    const { status, stdout } = await talk([
      [PROMPT, 'a story\r'],
      [/Once upon$/, CTRL_C],
      [/\(stopped\)[^]*> $/, 'shorter\r'],
      [PROMPT, CTRL_D],
    ]);
    expect(said()[1]).toEqual(['a story', 'Once upon', 'shorter']);
    expect({ status, stdout, isEngineTold }).toEqual({ status: 0, stdout: 'Once upon\nSorry.\n', isEngineTold: true });
  });

  it('takes a line typed during an answer as the next question', async () => {
    const heard = Promise.withResolvers<void>();
    server.answerers = [
      async (response, question) => {
        sendPiece(response, { content: 'Once upon' });
        await heard.promise;
        await says(' a time.')(response, question);
      },
      says('They lived.'),
    ];
    const { stdout } = await talk([
      [PROMPT, 'a story\r'],
      [
        /Once upon$/,
        (keyboard) => {
          keyboard.write('and then?\r');
          heard.resolve();
        },
      ],
      [/They lived\.[^]*> $/, CTRL_D],
    ]);
    expect(stdout).toBe('Once upon a time.\nThey lived.\n');
    expect(said()[1]).toEqual(['a story', 'Once upon a time.', 'and then?']);
  });

  it('waits for a server that stops between two questions', async () => {
    server.answerers = [says('One.'), says('Two.')];
    const { stdout } = await talk([
      [PROMPT, 'first\r'],
      [
        PROMPT,
        async (keyboard) => {
          await server.leave();
          keyboard.write('second\r');
        },
      ],
      [/does not answer; waiting for it/, async () => void (await server.listen())],
      [PROMPT, CTRL_D],
    ]);
    expect(stdout).toBe('One.\nTwo.\n');
    expect(said()[1]).toEqual(['first', 'One.', 'second']);
  });

  it('stops waiting for the server on Ctrl-C', async () => {
    const { status, stderr } = await talk([
      [
        PROMPT,
        async (keyboard) => {
          await server.leave();
          keyboard.write('first\r');
        },
      ],
      [/does not answer; waiting for it[^]*\n/, CTRL_C],
      [/\(stopped\)[^]*> $/, CTRL_D],
    ]);
    expect(status).toBe(0);
    expect(stderr).toContain('(stopped)');
  });

  it('reports why an answer broke off, and asks again', async () => {
    server.answerers = [
      (response) => {
        sendPiece(response, { content: 'Once upon' });
        server.add('qwen', { status: 'restarting', reason: 'backoff after: the engine was killed by SIGKILL' });
        setImmediate(() => response.destroy());
      },
      refuses(503, 'instance_not_running', 'qwen is restarting'),
      says('Back.'),
    ];
    const { stdout, stderr } = await talk([
      [PROMPT, 'first\r'],
      [/broke off: qwen is restarting: the engine was killed by SIGKILL\n[^]*> $/, 'second\r'],
      [PROMPT, CTRL_D],
    ]);
    expect(stdout).toBe('Once upon\nBack.\n');
    expect(stderr).toContain('starting qwen …');
    expect(said()).toEqual([['first'], ['second'], ['second']]);
  });

  it.each<[how: string, answerer: Answerer]>([
    [
      'its connection is cut',
      (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': waits\n\n'),
    ],
    ['it is refused', refuses(503, 'instance_not_running', '"qwen" was stopped before its engine had answered.')],
  ])('does not start an instance again that was stopped before its first token: %s', async (_how, answerer) => {
    server.answerers = [
      async (response, question) => {
        const at = new Date().toISOString();
        const last_exit = { at, code: 0, signal: null, reason: 'stopped as asked', cause: null, lines: [] };
        server.add('qwen', { status: 'stopped', reason: null, last_exit });
        await answerer(response, question);
        if (!response.writableEnded) setImmediate(() => response.destroy());
      },
    ];
    const { stderr } = await talk([
      [PROMPT, 'first\r'],
      [/broke off: qwen is stopped: stopped as asked\n[^]*> $/, CTRL_D],
    ]);
    expect(stderr).not.toContain('waiting for it');
    expect(said()).toEqual([['first']]);
    expect(server.instances.get('qwen')?.status).toBe('stopped');
  });

  it('does not repeat a question that killed the engine', async () => {
    server.answerers = [refuses(502, 'instance_not_running', 'The engine of "qwen" ended before it had answered')];
    const { stderr } = await talk([
      [PROMPT, 'first\r'],
      [PROMPT, CTRL_D],
    ]);
    expect(stderr).toContain('ended before it had answered');
    expect(said()).toEqual([['first']]);
  });

  it('prints a refusal of the engine, and forgets the question', async () => {
    server.answerers = [refuses(400, 'exceed_context_size_error', 'the request exceeds the context size'), says('Ok.')];
    const { stderr } = await talk([
      [PROMPT, 'long\r'],
      [PROMPT, 'short\r'],
      [PROMPT, CTRL_D],
    ]);
    expect(stderr).toContain('the request exceeds the context size\n');
    expect(stderr).toContain('for a larger context: llamactl update qwen -o ctx_size=NUMBER --restart\n');
    expect(said()[1]).toEqual(['short']);
  });
});

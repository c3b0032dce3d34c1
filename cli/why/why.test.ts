import type { Why } from '@llamactl/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatServer } from '../testing/chat-server.ts';
import { CommandSandbox, type RunOptions, type RunResult } from '../testing/command-run.ts';

let server: ChatServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await new ChatServer().listen();
  server.add('qwen', { status: 'failed' });
  server.add('phi');
  explained('qwen', {
    sentence: 'qwen failed: failed to read \u001B[2Jheader.',
    cause: 'model_damaged',
    evidence: [
      { what: 'port', text: '8100' },
      { what: 'last exit', text: 'status 1, 3m 0s ago' },
    ],
    remedies: [
      { label: 'Choose another model file', link: 'settings/model' },
      { label: 'Start it', operation: 'startInstance' },
    ],
    log_seq: 7,
  });
  explained('phi', { sentence: 'phi is stopped: it was never started.' });
  sandbox = new CommandSandbox();
});

afterEach(async () => {
  await server.leave();
  sandbox.dispose();
});

function explained(name: string, why: Partial<Why>): void {
  const nothing = { sentence: '', cause: null, evidence: [], remedies: [], log_seq: null };
  server.others.set(`GET /api/instances/${name}/why`, [{ ...nothing, ...why }]);
}

function why(words: string[], options: RunOptions = {}): Promise<RunResult> {
  return sandbox.run(['why', ...words], { ...options, environment: { LLAMACTL_URL: server.url } });
}

describe('llamactl why', () => {
  it('prints the sentence, evidence and remedies, without control characters', async () => {
    const { status, stdout } = await why(['qwen']);
    expect(status).toBe(0);
    expect(stdout).toBe(
      [
        'qwen failed: failed to read header.',
        '  port       8100',
        '  last exit  status 1, 3m 0s ago',
        '  → Choose another model file: llamactl update qwen --model FILE',
        '  → Start it: llamactl start qwen',
        '',
      ].join('\n'),
    );
  });

  it('prints only the sentence with -q, one per instance', async () => {
    const { stdout } = await why(['-q', 'qwen', 'phi']);
    expect(stdout).toBe('qwen failed: failed to read header.\nphi is stopped: it was never started.\n');
  });

  it('prints everything with --json', async () => {
    const { stdout } = await why(['qwen', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'qwen',
      status: 'failed',
      cause: 'model_damaged',
      remedies: [{ link: 'settings/model' }, { operation: 'startInstance' }],
      log_seq: 7,
    });
  });

  it('fits a narrow terminal', async () => {
    const { stdout } = await why(['qwen', '--no-color'], { columns: 40 });
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('suggests the closest name', async () => {
    expect(await why(['qwne'])).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('did you mean qwen?') as unknown,
    });
  });
});

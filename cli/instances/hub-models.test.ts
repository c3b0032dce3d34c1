import { EventServer } from '@llamactl/server/testing/event-server';
import { LoopbackHub, loopbackModels } from '@llamactl/server/testing/loopback-hub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandSandbox } from '../testing/command-run.ts';

let hub: LoopbackHub;
let server: EventServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  hub = await LoopbackHub.open();
  const remote = loopbackModels(hub);
  server = await EventServer.open({
    hub: { remote, rootFor: () => '/cache', memory: async () => ({ kind: 'gpu', name: 'Card', total: 24e9 }) },
  });
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  await server.goAway();
  sandbox.dispose();
  await hub.close();
});

describe('llamactl models search', () => {
  it('prints the models of the hub', async () => {
    hub.add('acme/tiny-GGUF', {}, { license: 'mit' });
    hub.add('acme/tiny-gated-GGUF', {}, { gated: 'auto' });
    const { status, stdout, stderr } = await sandbox.run(['models', 'search', 'acme', '--limit', '5']);
    expect([status, stdout]).toEqual([
      0,
      [
        'MODEL                         DOWNLOADS  UPDATED     LICENSE  FOR',
        'acme/tiny-GGUF                     1000  2026-01-02  mit      text-generation',
        'acme/tiny-gated-GGUF (gated)        999  2026-01-02  -        text-generation\n',
      ].join('\n'),
    ]);
    expect(stderr).toContain('llamactl models quants');
    expect((await sandbox.run(['models', 'search', 'tiny', '-q'])).stdout).toBe(
      'acme/tiny-GGUF\nacme/tiny-gated-GGUF\n',
    );
    expect(hub.requests[0]?.url).toContain('limit=5');
  });

  it('joins its words, and says that none is found', async () => {
    const { status, stderr } = await sandbox.run(['models', 'search', 'no', 'such']);
    expect([status, stderr]).toEqual([0, `no model on ${hub.url} has these words\n`]);
    expect(hub.requests[0]?.url).toContain('search=no+such');
  });

  it('fails with the sentence of the server', async () => {
    hub.failures.push({ status: 500 });
    const { status, stderr } = await sandbox.run(['models', 'search', 'x']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('answered with status 500');
    expect((await sandbox.run(['models', 'search', 'x', '--limit', 'many'])).status).not.toBe(0);
  });
});

describe('llamactl models quants', () => {
  it('prints what fits, and what comes along', async () => {
    hub.add(
      'acme/m-GGUF',
      { 'm-Q4_K_M.gguf': 'four', 'm-Q8_0.gguf': 'eight', 'mmproj-F16.gguf': 'eyes' },
      { license: 'mit' },
    );
    const { status, stdout, stderr } = await sandbox.run(['models', 'quants', 'acme/m-GGUF']);
    expect([status, stdout]).toEqual([
      0,
      [
        'MODEL                 SIZE    NEEDS  FITS  WITH',
        'acme/m-GGUF:Q4_K_M *   4 B  515 MiB  yes   projector 4 B',
        'acme/m-GGUF:Q8_0       5 B  515 MiB  yes   projector 4 B\n',
      ].join('\n'),
    ]);
    expect(stderr).toContain('22.4 GiB, of Card');
    expect(stderr).toContain('license: mit');
    expect((await sandbox.run(['models', 'quants', 'acme/m-GGUF', '-q'])).stdout).toBe(
      'acme/m-GGUF:Q4_K_M\nacme/m-GGUF:Q8_0\n',
    );
    const { stdout: json } = await sandbox.run(['models', 'quants', 'acme/m-GGUF', '--json', '--revision', 'v1']);
    expect(JSON.parse(json)).toMatchObject({ revision: 'v1', quants: [{ chosen: true }, { chosen: false }] });
  });

  it('shows hidden characters of a stranger, and says that a model is gated', async () => {
    hub.add('acme/m-GGUF', { 'm-Q8_0.gguf': 'x' }, { gated: 'auto', license: 'mit\u202eevil' });
    const { stderr } = await sandbox.run(['models', 'quants', 'acme/m-GGUF']);
    expect(stderr).toContain('gated: a download needs a token');
    expect(stderr).not.toContain('\u202e');
  });

  it('fails for a repository that does not exist', async () => {
    const { status, stderr } = await sandbox.run(['models', 'quants', 'acme/none']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('has no repository acme/none');
  });
});

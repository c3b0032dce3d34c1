import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ConnectionError, LlamactlError } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { addressRemedies, type Surrounds } from './address-remedies.ts';
import { failureOf } from '../failure.ts';
import type { ServerAddress } from './server-address.ts';

const LOCAL = 'http://127.0.0.1:8090';

function place(address: Partial<ServerAddress>, local: string | null = LOCAL): Surrounds {
  const url = 'http://172.17.0.1:8080';
  return {
    address: { url, token: null, context: null, source: 'the default', dataDirectory: null, ...address },
    local,
    isInUse: false,
    isTokenOfVariable: false,
    ownDirectory: '/home/ann/.local/share/llamactl',
  };
}

const unsent = new ConnectionError(
  'No answer from http://172.17.0.1:8080: nothing listens there. Start the server with `llamactl up`, or give the address of another.',
  { url: 'http://172.17.0.1:8080/api', isUnsent: true },
);

describe('hints where no server answers', () => {
  it.each<[string, Surrounds, string[]]>([
    [
      'the current context',
      place({ context: 'local', source: 'the context local' }),
      [
        'http://172.17.0.1:8080 is the address of the context local',
        `a server on this machine answers at ${LOCAL}; to use it: llamactl context use --local`,
      ],
    ],
    [
      'a context from a flag',
      place({ context: 'local', source: '--context' }),
      [
        'http://172.17.0.1:8080 is the address of the context local',
        `a server on this machine answers at ${LOCAL}; to use it: --url ${LOCAL}`,
      ],
    ],
    ['a variable', place({ source: 'LLAMACTL_URL' }, null), ['this address comes from LLAMACTL_URL']],
    [
      'a context that follows a server which does not run',
      place({ context: 'local', source: 'the context local', dataDirectory: '/data' }, null),
      ['http://172.17.0.1:8080 is the address of the context local', 'no server is running in /data'],
    ],
    [
      'a followed context whose server differs from the one on this machine',
      place({ context: 'lab', source: '--context', dataDirectory: '/data' }),
      [
        'http://172.17.0.1:8080 is the address of the context lab',
        `a server on this machine answers at ${LOCAL}; to use it: --url ${LOCAL}`,
        'no server is running in /data',
      ],
    ],
    [
      'a context that follows a server which does not answer yet',
      { ...place({ context: 'local', source: 'the context local', dataDirectory: '/data' }, null), isInUse: true },
      ['http://172.17.0.1:8080 is the address of the context local', 'the server of /data is not ready'],
    ],
    [
      'this server under another name',
      place({ url: 'http://localhost:8090/', source: '--url' }),
      ['this address comes from --url'],
    ],
    [
      'this machine, at another port',
      place({ url: 'http://localhost:8080', source: '--url' }),
      ['this address comes from --url', `a server on this machine answers at ${LOCAL}; to use it: --url ${LOCAL}`],
    ],
    ['an unnamed server', place({}, null), []],
  ])('fit the address of %s', (_what, surrounds, remedies) => {
    expect(addressRemedies(surrounds)).toEqual(remedies);
  });

  it('do not suggest a start where a server runs', () => {
    const first = (surrounds: Surrounds): string | undefined => failureOf(unsent, false, surrounds).lines[0];
    expect(first(place({}))).toBe('No answer from http://172.17.0.1:8080: nothing listens there.');
    const starting = { ...place({ dataDirectory: '/data' }, null), isInUse: true };
    expect(first(starting)).toBe('No answer from http://172.17.0.1:8080: nothing listens there.');
    expect(addressRemedies(starting)).toEqual(['the server of /data is not ready']);
  });

  const own = '/home/ann/.local/share/llamactl';
  it.each<[string, Partial<ServerAddress>, string]>([
    [
      'of this machine',
      { url: 'http://127.0.0.1:8080' },
      `No server is running for ${own}, and nothing listens at http://127.0.0.1:8080. To start one: llamactl up`,
    ],
    ['that the command line names', { url: 'http://localhost:9000', source: '--url' }, '`llamactl up --port 9000`'],
    ['of another machine', { source: '--url' }, 'Start it there with `llamactl up`'],
    ['of a context', { dataDirectory: '/my data', source: '--context' }, "`llamactl up --data-dir '/my data'`"],
    ['of a context of this user', { dataDirectory: own, source: '--context' }, 'Start it with `llamactl up`'],
    [
      'of the configuration',
      {
        url: 'http://127.0.0.1:18480',
        source: '/etc/llamactl/config.yaml',
        expected: { url: 'http://127.0.0.1:18480', dataDirectory: own, file: '/etc/llamactl/config.yaml' },
      },
      `No server is running for ${own}, and nothing listens at http://127.0.0.1:18480. To start one: llamactl up`,
    ],
  ])('suggest how to start the missing server %s', (_whose, address, advice) => {
    const { lines, json } = failureOf(unsent, false, place(address, null));
    expect(lines[0]).toContain(advice);
    expect(lines[0]).not.toContain('llamactl serve');
    expect(json).toMatchObject({ error: lines[0], code: 'UNREACHABLE' });
  });
});

it('hints where no server answers say that the port is unknown if the configuration has errors', () => {
  const sentence = expect.stringContaining('the configuration has errors, so its port is unknown') as unknown;
  const expected = { url: 'http://127.0.0.1:8080', dataDirectory: '/data', file: null };
  expect(failureOf(unsent, false, place({ source: 'the default' }, null)).lines).toContainEqual(sentence);
  expect(failureOf(unsent, false, place({ source: 'the default', expected }, null)).lines).not.toContainEqual(sentence);
  expect(failureOf(unsent, false, place({ source: '--url' }, null)).lines).not.toContainEqual(sentence);
});

const FACTS = { details: '', requestId: null, problems: [], reason: undefined, retryAfter: null };

describe('hints where a server requires a log-in', () => {
  const refusal = new LlamactlError('Log in.', { status: 401, code: 'UNAUTHORIZED', ...FACTS });

  it('suggest naming the address if LLAMACTL_TOKEN was not sent to the default one', () => {
    const kept = place({ source: 'the default' }, null);
    const lines = failureOf(refusal, false, { ...kept, address: { ...kept.address, isTokenKept: true } }).lines;
    expect(lines[1]).toMatch(/^LLAMACTL_TOKEN was not sent, .* name the server with --url or LLAMACTL_URL/);
    expect(failureOf(refusal, false, kept).lines[1]).toMatch(/^log in with llamactl login/);
  });

  it('name the file of the first password while it exists', () => {
    const dataDirectory = mkdtempSync(path.join(os.tmpdir(), 'llamactl-first-'));
    const surrounds = place({ dataDirectory }, null);
    const hint = expect.stringContaining(`its first password is in ${dataDirectory}/admin-password`) as unknown;
    expect(failureOf(refusal, false, surrounds).lines).not.toContainEqual(hint);
    writeFileSync(path.join(dataDirectory, 'admin-password'), 'secret\n');
    expect(failureOf(refusal, false, surrounds).lines).toContainEqual(hint);
    rmSync(dataDirectory, { recursive: true });
  });
});

describe('hints where a server does not answer to a name', () => {
  const refusal = (message: string): LlamactlError =>
    new LlamactlError(message, { status: 403, code: 'FORBIDDEN', ...FACTS });

  it('give the address of the server on this machine', () => {
    const surrounds = place({ context: 'local', source: 'the context local' });
    expect(failureOf(refusal('This server does not answer as "172.17.0.1".'), false, surrounds).lines.slice(1)).toEqual(
      addressRemedies(surrounds),
    );
    expect(failureOf(refusal('Only an admin may do that.'), false, surrounds).lines).toHaveLength(1);
  });
});

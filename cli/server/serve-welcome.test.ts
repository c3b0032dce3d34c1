import { describe, expect, it } from 'vitest';
import { addressForOthers, numericAddress, successorLines, welcomeLines, type ServerFacts } from './serve-welcome.ts';
import { Style } from '../screen/style.ts';

const FACTS: ServerFacts = {
  version: '0.1.0',
  url: 'http://127.0.0.1:8080',
  public_url: null,
  gateway: 'http://127.0.0.1:8080/v1',
  configuration: null,
  data_dir: '/home/me/.local/share/llamactl',
  accounts: false,
  first_admin: null,
};

function welcome(changes: Partial<ServerFacts> = {}, stopEngines = false): string[] {
  return welcomeLines({ ...FACTS, ...changes }, { stopEngines, style: new Style(false) });
}

describe('the start message', () => {
  it('has six lines, which fit a terminal', () => {
    const lines = welcome();
    expect(lines).toHaveLength(6);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('has the address, and how to stop the server', () => {
    const [first, gateway, reference, configuration, , end] = welcome();
    expect(first).toBe('llamactl 0.1.0 listens on http://127.0.0.1:8080');
    expect(reference).toContain('http://127.0.0.1:8080/docs');
    expect(gateway).toContain('http://127.0.0.1:8080/v1');
    expect(configuration).toContain('no file, only defaults; data in /home/me/.local/share/llamactl');
    expect(end).toContain('engines keep running');
    expect(welcome({}, true).at(-1)).toContain('stops the server and its engines');
  });

  it('has whole addresses below a base path', () => {
    const url = 'http://127.0.0.1:8080/llm';
    expect(welcome({ url, gateway: `${url}/v1` }).join('\n')).toContain(' http://127.0.0.1:8080/llm/docs\n');
  });

  it('has the address for other machines, if it differs', () => {
    const lines = welcome({ public_url: 'http://box:8080' });
    expect(lines).toHaveLength(7);
    expect(lines[3]).toBe('  elsewhere      http://box:8080, for clients http://box:8080/v1');
  });

  it.each([
    ['off', {}, 'off: every user of this machine is an administrator'],
    ['on', { accounts: true }, 'on: llamactl login'],
    [
      'new, with a generated password',
      { accounts: true, first_admin: { username: 'admin', password_file: '/d/admin-password' } },
      'on: user admin, password in /d/admin-password',
    ],
    [
      'new, with a given password',
      { accounts: true, first_admin: { username: 'admin', password_file: null } },
      'on: user admin, password from LLAMACTL_ADMIN_PASSWORD',
    ],
  ])('says that accounts are %s', (_what, changes, text) => {
    expect(welcome(changes)[4]).toContain(text);
  });
});

describe('the address for other machines', () => {
  it.each([
    ['on loopback', { host: '127.0.0.1', public_url: '' }, null],
    ['at one address', { host: '192.0.2.7', public_url: '' }, null],
    ['everywhere', { host: '0.0.0.0', public_url: '' }, 'http://box:8080/llm'],
    ['everywhere, with IPv6', { host: '::', public_url: '' }, 'http://box:8080/llm'],
    ['behind a proxy', { host: '127.0.0.1', public_url: 'https://ai.example/llm/' }, 'https://ai.example/llm'],
  ])('of a server that listens %s', (_what, server, expected) => {
    expect(addressForOthers(server, 'http://127.0.0.1:8080/llm', 'box')).toBe(expected);
  });

  it('leaves the default port out', () => {
    const everywhere = { host: '0.0.0.0', public_url: '' };
    expect(addressForOthers(everywhere, 'http://127.0.0.1:80', 'box')).toBe('http://box');
  });
});

describe('the start message of a successor', () => {
  const lines = (changes: Partial<ServerFacts> = {}): string[] =>
    successorLines({ ...FACTS, ...changes }, { pid: 7, style: new Style(false) });

  it('says that it has taken over', () => {
    expect(lines()).toEqual(['llamactl 0.1.0 has taken over, as process 7']);
  });

  it('has the path of the first password, if the reload turned accounts on', () => {
    const first_admin = { username: 'admin', password_file: '/d/admin-password' };
    expect(lines({ accounts: true, first_admin })[1]).toBe(
      '  accounts       on: user admin, password in /d/admin-password',
    );
  });
});

describe('the numeric address for other machines', () => {
  const card = { address: '192.0.2.7', netmask: '', mac: '', cidr: null, family: 'IPv4', internal: false } as const;
  const interfaces = {
    lo: [{ ...card, address: '127.0.0.1', internal: true }],
    docker0: [{ ...card, address: '172.17.0.1' }],
    eth0: [card],
  };

  it.each([
    ['everywhere', { host: '0.0.0.0', public_url: '' }, 'http://192.0.2.7:8080/llm'],
    ['on loopback', { host: '127.0.0.1', public_url: '' }, null],
    ['behind a proxy', { host: '0.0.0.0', public_url: 'https://ai.example' }, null],
  ])('of a server that listens %s', (_what, server, expected) => {
    expect(numericAddress(server, 'http://127.0.0.1:8080/llm', interfaces)).toBe(expected);
    expect(numericAddress(server, 'http://127.0.0.1:8080/llm', { lo: interfaces.lo })).toBe(null);
  });
});

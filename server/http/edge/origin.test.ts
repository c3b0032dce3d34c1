import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testConfig } from '../../testing/http-harness.ts';
import { judgeOrigin, ownNames, type RequestFacts } from './origin.ts';

const LOOPBACK = ownNames(testConfig(), 'Box');
const OPEN = ownNames(
  testConfig({ server: { host: '0.0.0.0', allowed_hosts: ['llm'] }, auth: { enabled: true, inference: 'open' } }),
  'box',
);
const NETWORK = ownNames(testConfig({ server: { host: '0.0.0.0' }, auth: { enabled: true } }), 'box');

function facts(changes: Partial<RequestFacts> = {}): RequestFacts {
  return {
    area: 'other',
    method: 'GET',
    target: '/api/instances',
    httpVersion: '1.1',
    hosts: ['localhost:8080'],
    origin: undefined,
    referer: undefined,
    fetchSite: undefined,
    fetchDest: undefined,
    isWebSocket: false,
    ...changes,
  };
}

function verdict(changes: Partial<RequestFacts>, own = LOOPBACK): string {
  return judgeOrigin(facts(changes), own)?.code ?? 'admitted';
}

describe('the Host rule', () => {
  it.each([
    'localhost',
    'localhost:8080',
    'LOCALHOST:1',
    'localhost.',
    'localhost.:8080',
    '127.0.0.1',
    '127.0.0.1:9999',
    '127.1.2.3',
    '[::1]',
    '[::1]:8080',
    '[0:0:0:0:0:0:0:1]:8080',
    '[::ffff:127.0.0.1]:80',
    'box',
    'box:8080',
    'box.local',
    'BOX.LOCAL.',
  ])('admits %s', (host) => expect(verdict({ hosts: [host] })).toBe('admitted'));

  it.each([
    'evil.example',
    'evil.example:8080',
    '0.0.0.0',
    '0.0.0.0:8080',
    '[::]:8080',
    'localhost.evil.example',
    'evil.local',
    '127.0.0.1.nip.io',
    '192.168.1.5:8080',
    '[fe80::1]',
    'user@localhost',
    'localhost@evil.example',
    'localhost:8080/path',
    'localhost:port',
    'local%68ost',
    'localhost localhost',
    '[::1',
    '::1',
    '10.127.0.0.1',
    '1270.0.0.1',
  ])('refuses %s', (host) => expect(verdict({ hosts: [host] })).toBe('FORBIDDEN'));

  it('names the host and the configuration key that would admit it', () => {
    const refusal = judgeOrigin(facts({ hosts: ['evil.example:80'] }), LOOPBACK);
    expect(refusal?.message).toContain('"evil.example:80"');
    expect(refusal?.message).toContain('server.allowed_hosts');
  });

  it('shortens a long host', () => {
    const refusal = judgeOrigin(facts({ hosts: ['a'.repeat(10_000)] }), LOOPBACK);
    expect(refusal?.message.length).toBeLessThan(300);
  });

  it('admits the names of the configuration, on any port', () => {
    const own = ownNames(
      testConfig({
        server: { public_url: 'https://llm.example/x', allowed_hosts: ['other.example:1234', 'FD00::1'] },
      }),
      'box.lan.example',
    );
    for (const host of ['llm.example', 'other.example:9', '[fd00::1]:80', 'box.lan.example', 'box.local']) {
      expect(verdict({ hosts: [host] }, own)).toBe('admitted');
    }
    expect(verdict({ hosts: ['box'] }, own)).toBe('FORBIDDEN');
    expect(verdict({ hosts: ['lan.example'] }, own)).toBe('FORBIDDEN');
  });

  it('never accepts an unspecified address, not even a configured one', () => {
    const own = ownNames(testConfig({ server: { host: '0.0.0.0', allowed_hosts: ['0.0.0.0', '::'] } }), 'box');
    expect(verdict({ hosts: ['0.0.0.0:8080'] }, own)).toBe('FORBIDDEN');
    expect(verdict({ hosts: ['[::]:8080'] }, own)).toBe('FORBIDDEN');
  });

  it('does not accept localhost.local as a name', () => {
    const own = ownNames(testConfig(), 'localhost');
    expect(verdict({ hosts: ['localhost.local'] }, own)).toBe('FORBIDDEN');
  });

  it('is off only with authentication on a network address', () => {
    expect(verdict({ hosts: ['192.168.1.5:8080'] }, NETWORK)).toBe('admitted');
    const onLoopback = ownNames(testConfig({ auth: { enabled: true } }), 'box');
    expect(verdict({ hosts: ['192.168.1.5:8080'] }, onLoopback)).toBe('FORBIDDEN');
    const withoutAuth = ownNames(testConfig({ server: { host: '192.168.1.5' } }), 'box');
    expect(verdict({ hosts: ['evil.example'] }, withoutAuth)).toBe('FORBIDDEN');
    expect(verdict({ hosts: ['192.168.1.5'] }, withoutAuth)).toBe('admitted');
  });

  it('also checks the host in the target', () => {
    expect(verdict({ target: 'http://evil.example/api' })).toBe('FORBIDDEN');
    expect(verdict({ target: 'HTTP://localhost@evil.example/api' })).toBe('FORBIDDEN');
    expect(verdict({ target: 'http:///api' })).toBe('FORBIDDEN');
    expect(verdict({ target: 'http://localhost:8080/api', hosts: ['evil.example'] })).toBe('FORBIDDEN');
    expect(verdict({ target: 'http://localhost:8080/api?x=http://evil.example' })).toBe('admitted');
  });

  it('requires exactly one Host, but none in HTTP/1.0', () => {
    expect(verdict({ hosts: [] })).toBe('VALIDATION_ERROR');
    expect(verdict({ hosts: [''] })).toBe('VALIDATION_ERROR');
    expect(verdict({ hosts: ['localhost', 'localhost'] })).toBe('VALIDATION_ERROR');
    expect(verdict({ hosts: ['localhost', 'evil.example'] }, NETWORK)).toBe('VALIDATION_ERROR');
    expect(verdict({ hosts: [], httpVersion: '1.0' })).toBe('admitted');
    expect(verdict({ hosts: ['evil.example'], httpVersion: '1.0' })).toBe('FORBIDDEN');
  });

  it('applies to /v1 while inference is open, also on a network, and admits every IP address', () => {
    const open = (host: string, changes: Partial<RequestFacts> = {}, own = OPEN): string =>
      verdict({ area: 'inference', hosts: [host], ...changes }, own);
    for (const host of ['192.168.1.5:8080', '[fd00::1]', '10.0.0.1', '127.0.0.1', 'llm:8080', 'box.local', 'localhost'])
      expect([host, open(host)]).toEqual([host, 'admitted']);
    for (const host of ['evil.example', '192.168.1.5.nip.io', 'evil.local', '0.0.0.0', '[::]:8080', '192.168.1.5@evil'])
      expect([host, open(host)]).toEqual([host, 'FORBIDDEN']);
    expect(open('192.168.1.5', { target: 'http://evil.example/v1/models' })).toBe('FORBIDDEN');
    expect(open('evil.example', { area: 'other' }), 'management needs credentials').toBe('admitted');
    const onLoopback = ownNames(testConfig({ auth: { enabled: true, inference: 'open' } }), 'box');
    expect(open('192.168.1.5', {}, onLoopback)).toBe('admitted');
    expect(open('192.168.1.5', { area: 'other' }, onLoopback)).toBe('FORBIDDEN');
    const withoutAccounts = ownNames(testConfig({ auth: { inference: 'open' } }), 'box');
    expect(open('192.168.1.5', {}, withoutAccounts)).toBe('FORBIDDEN');
  });

  it('lists the accepted names for an open /v1', () => {
    const refusal = judgeOrigin(facts({ area: 'inference', hosts: ['evil.example'] }), OPEN);
    expect(refusal?.message).toMatch(/"evil\.example".*IP addresses.*server\.allowed_hosts/);
  });

  it('admits no name but its own', () => {
    const ours = /^(?:localhost\.?|box(?:\.local)?\.?|127\.\d+\.\d+\.\d+|\[::1\])(?::\d*)?$/i;
    fc.assert(
      fc.property(
        fc.oneof(fc.webAuthority({ withIPv4: true, withIPv6: true, withPort: true }), fc.string()),
        (host) => {
          if (verdict({ hosts: [host] }) === 'admitted') expect(host).toMatch(ours);
        },
      ),
    );
  });
});

describe('the Origin rule', () => {
  const post = { method: 'POST' };

  it.each([
    'http://localhost:8080',
    'http://localhost:3000',
    'https://127.0.0.1',
    'http://[::1]:5173',
    'http://box.local',
    'http://LOCALHOST',
  ])('admits its own page: %s', (origin) => expect(verdict({ ...post, origin })).toBe('admitted'));

  it.each([
    'http://evil.example',
    'https://localhost.evil.example',
    'http://localhost@evil.example',
    'null',
    '',
    'file://',
    'tauri://localhost',
    'chrome-extension://localhost',
    'http://localhost/path',
    'http://localhost, http://localhost',
    'http://0.0.0.0:8080',
    'localhost',
  ])('refuses a foreign page: %s', (origin) => expect(verdict({ ...post, origin })).toBe('FORBIDDEN'));

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'post'])('applies to %s', (method) =>
    expect(verdict({ method, origin: 'http://evil.example' })).toBe('FORBIDDEN'),
  );

  it.each(['GET', 'HEAD', 'OPTIONS'])('does not apply to %s, which changes nothing', (method) =>
    expect(verdict({ method, origin: 'http://evil.example', fetchSite: 'cross-site' })).toBe('admitted'),
  );

  it.each(['GET', 'HEAD'])('applies to %s under /v1, which can start an engine', (method) => {
    const asked = (changes: Partial<RequestFacts>, own = LOOPBACK): string =>
      verdict({ area: 'inference', method, ...changes }, own);
    expect(asked({})).toBe('admitted');
    expect(asked({ fetchSite: 'none', fetchDest: 'document' }), 'typed into the address bar').toBe('admitted');
    expect(asked({ fetchSite: 'same-origin', origin: 'http://localhost:8080' })).toBe('admitted');
    expect(asked({ origin: 'http://evil.example' })).toBe('FORBIDDEN');
    expect(asked({ origin: 'null' })).toBe('FORBIDDEN');
    expect(asked({ origin: 'http://evil.example', fetchSite: 'same-origin' })).toBe('FORBIDDEN');
    for (const dest of ['document', 'image', 'script', 'iframe', 'empty', 'audio'])
      expect([dest, asked({ fetchSite: 'cross-site', fetchDest: dest })]).toEqual([dest, 'FORBIDDEN']);
    expect(asked({ fetchSite: 'same-site' })).toBe('FORBIDDEN');
    expect(asked({ fetchSite: 'same-origin, cross-site' })).toBe('FORBIDDEN');
    expect(asked({ fetchSite: 'Cross-Site' })).toBe('FORBIDDEN');
    expect(asked({ fetchSite: 'cross-site', hosts: ['192.168.1.5'] }, OPEN)).toBe('FORBIDDEN');
    expect(asked({ fetchSite: 'cross-site' }, NETWORK)).toBe('FORBIDDEN');
  });

  it('checks the Referer of a GET under /v1 when the browser sends nothing else', () => {
    const from = (referer: string, changes: Partial<RequestFacts> = {}, own = LOOPBACK): string =>
      verdict({ area: 'inference', referer, ...changes }, own);
    expect(from('http://evil.example/page')).toBe('FORBIDDEN');
    expect(from('http://evil.example/', { hosts: ['192.168.1.5'] }, OPEN)).toBe('FORBIDDEN');
    expect(from('http://localhost:3000/page')).toBe('admitted');
    expect(from('http://192.168.1.5/', { hosts: ['192.168.1.5'] }, OPEN)).toBe('admitted');
    expect(from('not a URL')).toBe('admitted');
    // Behind a proxy that sends another Host, the browser still calls its page same-origin.
    expect(from('https://llm.example/', { fetchSite: 'same-origin' })).toBe('admitted');
    expect(from('http://localhost:3000/', { fetchSite: 'same-site' })).toBe('admitted');
    expect(from('http://localhost:3000/', { fetchSite: 'cross-site' })).toBe('FORBIDDEN');
    const own = ownNames(testConfig({ server: { allowed_origins: ['https://app.example'] } }), 'box');
    expect(from('https://app.example/chat', { fetchSite: 'cross-site' }, own)).toBe('admitted');
    expect(from('https://app.example/chat', { fetchSite: 'cross-site', method: 'POST' }, own)).toBe('FORBIDDEN');
  });

  it('lets every page show an engine’s content, but not read or change it', () => {
    const foreign = { area: 'proxy', fetchSite: 'cross-site' } as const;
    for (const method of ['GET', 'HEAD']) {
      for (const dest of ['document', 'script', 'style', 'image', 'font']) {
        expect(verdict({ ...foreign, method, fetchDest: dest })).toBe('admitted');
        expect(verdict({ ...foreign, method, fetchDest: dest, origin: 'null' })).toBe('admitted');
      }
    }
    for (const dest of ['empty', 'iframe', 'embed', 'object', 'worker', 'audio', 'video', 'Document', ''])
      expect([dest, verdict({ ...foreign, fetchDest: dest })]).toEqual([dest, 'FORBIDDEN']);
    expect(verdict({ ...foreign })).toBe('FORBIDDEN');
    expect(verdict({ ...foreign, fetchDest: 'document, empty' })).toBe('FORBIDDEN');
    expect(verdict({ area: 'proxy', origin: 'http://evil.example' })).toBe('FORBIDDEN');
    expect(verdict({ ...foreign, method: 'POST', fetchDest: 'document' })).toBe('FORBIDDEN');
    expect(verdict({ ...foreign, isWebSocket: true, fetchDest: 'document' })).toBe('FORBIDDEN');
    expect(verdict({ area: 'proxy' })).toBe('admitted');
  });

  it.each(['inference', 'proxy'] as const)('does not apply to OPTIONS, which never reaches an engine: %s', (area) =>
    expect(verdict({ area, method: 'OPTIONS', origin: 'null', fetchSite: 'cross-site' })).toBe('admitted'),
  );

  it('applies to WebSocket, whose method is GET', () => {
    expect(verdict({ isWebSocket: true, origin: 'http://evil.example' })).toBe('FORBIDDEN');
    expect(verdict({ isWebSocket: true, origin: 'http://localhost:8080' })).toBe('admitted');
    expect(verdict({ isWebSocket: true })).toBe('admitted');
  });

  it('applies with authentication too, and accepts a page under the requested host', () => {
    const hosts = ['192.168.1.5:8080'];
    expect(verdict({ ...post, hosts, origin: 'http://192.168.1.5:8080' }, NETWORK)).toBe('admitted');
    expect(verdict({ ...post, hosts: ['llm.example'], origin: 'https://llm.example' }, NETWORK)).toBe('admitted');
    expect(verdict({ ...post, hosts, origin: 'http://192.168.1.5:3000' }, NETWORK)).toBe('FORBIDDEN');
    expect(verdict({ ...post, hosts, origin: 'http://evil.example' }, NETWORK)).toBe('FORBIDDEN');
  });

  it('refuses requests that the browser calls cross-site', () => {
    expect(verdict({ ...post, fetchSite: 'cross-site' })).toBe('FORBIDDEN');
    expect(verdict({ ...post, fetchSite: 'cross-site', origin: 'http://localhost:3000' })).toBe('FORBIDDEN');
    expect(verdict({ ...post, fetchSite: 'same-origin' })).toBe('admitted');
    expect(verdict({ ...post, fetchSite: 'none' })).toBe('admitted');
  });

  it('decides about same-site by the Origin, and refuses without one', () => {
    expect(verdict({ ...post, fetchSite: 'same-site', origin: 'http://localhost:3000' })).toBe('admitted');
    expect(verdict({ ...post, fetchSite: 'same-site', origin: 'http://evil.localhost' })).toBe('FORBIDDEN');
    expect(verdict({ ...post, fetchSite: 'same-site' })).toBe('FORBIDDEN');
  });

  it('admits pages of allowed origins, and no others', () => {
    const own = ownNames(
      testConfig({ server: { allowed_origins: ['https://app.example/', 'tauri://localhost'] } }),
      'box',
    );
    const from = (origin: string): string => verdict({ ...post, origin, fetchSite: 'cross-site' }, own);
    expect(from('https://app.example')).toBe('admitted');
    expect(from('tauri://localhost')).toBe('admitted');
    expect(from('http://app.example')).toBe('FORBIDDEN');
    expect(from('https://app.example:444')).toBe('FORBIDDEN');
    expect(from('https://app.example.evil.example')).toBe('FORBIDDEN');
    expect(from('null')).toBe('FORBIDDEN');
  });

  it('names the configuration key that would admit the page', () => {
    const refusal = judgeOrigin(facts({ ...post, origin: 'https://app.example' }), LOOPBACK);
    expect(refusal?.message).toContain('"https://app.example"');
    expect(refusal?.message).toContain('server.allowed_origins');
  });
});

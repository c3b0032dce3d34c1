import { describe, expect, it } from 'vitest';
import { BrowserCookie } from './browser-cookie.ts';

const cookie = new BrowserCookie('0a1b');

describe('the cookie of a browser', () => {
  it('is named by the data directory, lasts as long as the log-in, and scripts cannot read it', () => {
    expect(cookie.set('v.a.l', 86_400, 'http://localhost:8080')).toBe(
      'llamactl_0a1b=v.a.l; Max-Age=86400; HttpOnly; SameSite=Strict',
    );
  });

  it('is sent over TLS only when the page came over TLS', () => {
    expect(cookie.set('v', 1, 'https://ai.example')).toMatch(/; Secure$/);
    expect(cookie.removed('https://ai.example')).toBe('llamactl_0a1b=; Max-Age=0; HttpOnly; SameSite=Strict; Secure');
  });

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['llamactl_0a1b=x', 'x'],
    ['a=1; llamactl_0a1b=x=y;b=2', 'x=y'],
    ['llamactl_0a1c=other; xllamactl_0a1b=foreign', undefined],
    ['llamactl_0a1b=of-another-port; llamactl_0a1b=ours', undefined],
  ])('is read from %j as %j', (header, value) => {
    expect(cookie.read(header === undefined ? {} : { cookie: header })).toBe(value);
  });
});

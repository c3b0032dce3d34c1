import { describe, expect, it } from 'vitest';
import { connectionFailure } from './connection-failure.ts';
import { noConnection } from './testing/scripted-fetch.ts';

const url = 'http://gpu:8080/api/instances?status=running';

describe('what is said of a connection that failed', () => {
  it.each([
    [
      'ECONNREFUSED',
      'nothing listens there. Start the server with `llamactl serve`, or give the address of another.',
      true,
    ],
    ['ENOTFOUND', 'the name of the host is not known. Is it spelled right?', true],
    ['EHOSTUNREACH', 'there is no way to that host from here.', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'the host does not answer. Is it on, and does a firewall let the port through?', true],
    ['ECONNRESET', 'the connection was lost. Was the server stopped?', false],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'what listens there does not speak HTTPS; try http://.', false],
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'its certificate is not trusted here. Node trusts the authorities in the file that NODE_EXTRA_CA_CERTS names, too.',
      false,
    ],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name. Use the name that it is for.', false],
    ['HPE_INVALID_CONSTANT', 'what listens there does not speak HTTP, or wants https://.', false],
    ['EODD', 'the connection failed (EODD).', false],
  ])('%s', (code, said, isUnsent) => {
    const cause = noConnection(code);
    const error = connectionFailure(url, cause);
    expect(error).toMatchObject({ message: `No answer from http://gpu:8080: ${said}`, isUnsent, url, cause });
  });

  it('is the same where a name has several addresses, and each fails in its own way', () => {
    const refused = Object.assign(new Error('a'), { code: 'ECONNREFUSED' });
    const unreachable = Object.assign(new Error('b'), { code: 'ENETUNREACH' });
    const cause = new TypeError('fetch failed', { cause: new AggregateError([unreachable, refused]) });
    expect(connectionFailure(url, cause)).toMatchObject({
      isUnsent: true,
      message: expect.stringContaining('nothing listens') as string,
    });
    const broken = Object.assign(new Error('c'), { code: 'ECONNRESET' });
    const mixed = new TypeError('fetch failed', { cause: new AggregateError([refused, broken]) });
    expect(connectionFailure(url, mixed).isUnsent).toBe(false);
  });

  it.each([
    ['bad port', '`fetch` sends nothing to this port. Let the server listen on another.'],
    ['odd', 'the request failed (odd).'],
  ])('is what Node says where it gives no code: %s', (message, said) => {
    const cause = new TypeError('fetch failed', { cause: new Error(message) });
    expect(connectionFailure(url, cause)).toMatchObject({
      message: `No answer from http://gpu:8080: ${said}`,
      isUnsent: false,
    });
  });

  it('is a guess in a browser, which does not tell', () => {
    expect(connectionFailure(url, new TypeError('Failed to fetch'))).toMatchObject({
      message:
        'No answer from http://gpu:8080: the request failed. Does the server run, and does it let this page in (`server.allowed_origins`)?',
      isUnsent: false,
    });
  });
});

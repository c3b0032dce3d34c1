import { describe, expect, it } from 'vitest';
import { connectionFailure } from './connection-failure.ts';
import { noConnection } from './testing/scripted-fetch.ts';

const url = 'http://gpu:8080/api/instances?status=running';

describe('error of a failed connection', () => {
  it.each([
    [
      'ECONNREFUSED',
      'nothing listens there. Start the server with `llamactl up`, or give the address of another.',
      true,
    ],
    ['ENOTFOUND', 'the host name is unknown. Is it spelled right?', true],
    ['EHOSTUNREACH', 'the host is not reachable from here.', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'the host does not answer. Is it on, and does a firewall let the port through?', true],
    ['ECONNRESET', 'the connection was lost. Was the server stopped?', false],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'the program that listens there does not speak HTTPS; try http://.', false],
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'its certificate is not trusted here. Set NODE_EXTRA_CA_CERTS to a file with the authority that signed it.',
      false,
    ],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name. Use the name in the certificate.', false],
    ['HPE_INVALID_CONSTANT', 'the program that listens there does not speak HTTP, or requires https://.', false],
    ['EODD', 'the connection failed (EODD).', false],
  ])('%s', (code, said, isUnsent) => {
    const cause = noConnection(code);
    const error = connectionFailure(url, cause);
    expect(error).toMatchObject({ message: `No answer from http://gpu:8080: ${said}`, isUnsent, url, cause });
  });

  it('is the same if a name has several addresses that fail differently', () => {
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
    [
      'bad port',
      'port 8080 belongs to another protocol, and HTTP clients refuse it. Let the server listen on another port.',
    ],
    ['odd', 'the request failed (odd).'],
  ])('is what Node says where it gives no code: %s', (message, said) => {
    const cause = new TypeError('fetch failed', { cause: new Error(message) });
    expect(connectionFailure(url, cause)).toMatchObject({
      message: `No answer from http://gpu:8080: ${said}`,
      isUnsent: false,
    });
  });

  it('is a guess in a browser, which does not report the cause', () => {
    expect(connectionFailure(url, new TypeError('Failed to fetch'))).toMatchObject({
      message:
        'No answer from http://gpu:8080: the request failed. Does the server run, and does it allow this page (`server.allowed_origins`)?',
      isUnsent: false,
    });
  });
});

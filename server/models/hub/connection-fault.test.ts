import { describe, expect, it } from 'vitest';
import { connectionFault } from './connection-fault.ts';

const HUB = { host: 'hub.example', isProxied: false, setting: 'models.hf_endpoint' };

function failed(code: string): Error {
  return Object.assign(new Error('raw'), { code });
}

describe('the message for a server that was not reached', () => {
  it('names the server, the reason and the things to check', () => {
    expect(connectionFault(failed('ENOTFOUND'), HUB)).toBe(
      'No connection to hub.example: its name was not found (ENOTFOUND). Check the network, HTTPS_PROXY if your network needs a proxy, and the setting models.hf_endpoint.',
    );
  });

  it('suspects the proxy that the environment names, and no setting of a server that none names', () => {
    expect(connectionFault(failed('ECONNREFUSED'), { ...HUB, isProxied: true, setting: null })).toBe(
      'No connection to hub.example: the connection was refused (ECONNREFUSED). Check the network, and the proxy in HTTPS_PROXY.',
    );
  });

  it('says how to trust an authority of the network', () => {
    expect(connectionFault(failed('SELF_SIGNED_CERT_IN_CHAIN'), HUB)).toContain('name its file in SSL_CERT_FILE');
  });

  it('leaves other failures alone', () => {
    expect(connectionFault(failed('ECONNRESET'), HUB)).toBeNull();
    expect(connectionFault(new Error('no code'), HUB)).toBeNull();
  });
});

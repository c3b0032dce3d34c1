import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Listening } from './listening.ts';

/** Listens as the server does, and takes no requests. */
async function urlFor(host: string): Promise<{ url: string; port: number }> {
  const server = createServer();
  const listening = new Listening({ host, port: 0, listener: null, supervisor: { portHolder: async () => null } });
  const listen = (address?: { host?: string; port?: number }): Promise<AddressInfo> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, () => resolve(server.address() as AddressInfo));
    });
  try {
    const url = await listening.begin({ listen, listenBy: () => listen() });
    return { url, port: listening.port };
  } finally {
    server.close();
  }
}

describe('where a server listens', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.2', '127.0.0.2'],
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
  ])('%s is told to this machine as %s', async (host, told) => {
    const { url, port } = await urlFor(host);
    expect(url).toBe(`http://${told}:${port}`);
  });

  it('cannot be what is no address of this machine', async () => {
    await expect(urlFor('203.0.113.9')).rejects.toThrow(
      /^server\.host is 203\.0\.113\.9, no address of this machine; what works is .*127\.0\.0\.1.*, or 0\.0\.0\.0 for all/,
    );
  });

  it('cannot be a name that is not known', async () => {
    const unknown = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
    const listening = new Listening({
      host: 'gpu-bx',
      port: 0,
      listener: null,
      supervisor: { portHolder: async () => null },
    });
    const http = { listen: () => Promise.reject(unknown), listenBy: () => Promise.reject(unknown) };
    await expect(listening.begin(http)).rejects.toThrow('server.host is gpu-bx, a name that is not known here;');
  });
});

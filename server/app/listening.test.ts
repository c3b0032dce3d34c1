import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Listening, type ListeningParts } from './listening.ts';

const listeningOn = (host: string): Listening => {
  const parts: ListeningParts = { host, port: 0, listener: null, listeningPorts: { portHolder: async () => null } };
  return new Listening(parts);
};

/** A fake of the system's answers, because every machine has other addresses. */
const answering = (answer: () => Promise<AddressInfo>): Parameters<Listening['begin']>[0] => ({
  listen: answer,
  listenBy: answer,
});

const refusing = (code: string): Parameters<Listening['begin']>[0] =>
  answering(() => Promise.reject(Object.assign(new Error(code), { code })));

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the address of a server', () => {
  it('is the address that the system reports', async () => {
    const server = createServer();
    const listen = (address?: { host?: string; port?: number }): Promise<AddressInfo> =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(address, () => resolve(server.address() as AddressInfo));
      });
    const listening = listeningOn('127.0.0.1');
    try {
      const url = await listening.begin({ listen, listenBy: () => listen() });
      expect(url).toBe(`http://127.0.0.1:${listening.port}`);
      expect(listening.port).toBe((server.address() as AddressInfo).port);
    } finally {
      server.close();
    }
  });

  it.each([
    ['127.0.0.2', 'IPv4', '127.0.0.2'],
    ['0.0.0.0', 'IPv4', '127.0.0.1'],
    ['::', 'IPv6', '127.0.0.1'],
    ['::1', 'IPv6', '[::1]'],
  ])('is %s (%s) with the local URL %s', async (address, family, host) => {
    const http = answering(async () => ({ address, family, port: 8_123 }));
    expect(await listeningOn(address).begin(http)).toBe(`http://${host}:8123`);
  });

  it('is refused if this machine does not have it', async () => {
    const link = { netmask: '', mac: '', internal: false, cidr: null };
    vi.spyOn(os, 'networkInterfaces').mockReturnValue({
      lo: [{ ...link, family: 'IPv4', address: '127.0.0.1' }],
      eth0: [
        { ...link, family: 'IPv4', address: '192.0.2.7' },
        { ...link, family: 'IPv6', address: 'fe80::1', scopeid: 2 },
      ],
    });
    await expect(listeningOn('203.0.113.9').begin(refusing('EADDRNOTAVAIL'))).rejects.toThrow(
      'server.host is 203.0.113.9, which is not an address of this machine; possible values are 127.0.0.1, 192.0.2.7, or 0.0.0.0 for all',
    );
  });

  it('is refused if it is a name that cannot be resolved', async () => {
    await expect(listeningOn('gpu-bx').begin(refusing('ENOTFOUND'))).rejects.toThrow(
      'server.host is gpu-bx, a name that cannot be resolved;',
    );
  });
});

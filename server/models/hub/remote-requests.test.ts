import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RemoteRequests } from './remote-requests.ts';

const { signal } = new AbortController();

describe('a request to any server', () => {
  it.each([
    'https://127.0.0.1/a.gguf',
    'https://[::1]/a.gguf',
    'https://[::ffff:10.0.0.1]/a.gguf',
    'https://2130706433/a.gguf',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/a.gguf',
    'http://1.1.1.1/a.gguf',
  ])('is not sent to %s', async (url) => {
    const request = { mostBytes: 0, redirects: 'public', signal } as const;
    for (const environment of [{}, { https_proxy: 'http://127.0.0.1:9' }]) {
      const requests = new RemoteRequests({ environment, version: '1' });
      await expect(requests.send(new URL(url), request)).rejects.toThrow(/private network|without https/);
    }
  });
});

describe('an authority of SSL_CERT_FILE', () => {
  it('is trusted, and no other, also through a proxy', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-authority-'));
    const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    await promisify(execFile)('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', certificate, ...names]);
    const server = createServer(
      { key: await readFile(key), cert: await readFile(certificate) },
      (_request, response) => void response.end('hello'),
    );
    await new Promise<void>((resolve) => {
      server.listen(0, 'localhost', resolve);
    });
    const url = new URL(`https://localhost:${portOf(server)}/`);
    const request = { mostBytes: 10, redirects: 'none', signal } as const;
    const trusting = new RemoteRequests({ environment: { SSL_CERT_FILE: certificate }, version: '1' });
    expect((await trusting.send(url, request)).body.toString()).toBe('hello');
    const other = new RemoteRequests({ environment: {}, version: '1' });
    await expect(other.send(url, request)).rejects.toMatchObject({ code: 'HUB_ERROR' });
    const proxy = await connectProxy();
    const https_proxy = `http://127.0.0.1:${portOf(proxy.server)}`;
    const proxied = new RemoteRequests({ environment: { SSL_CERT_FILE: certificate, https_proxy }, version: '1' });
    expect((await proxied.send(url, request)).body.toString()).toBe('hello');
    expect(proxy.targets).toEqual([url.host]);
    proxy.server.close();
    const missing = new RemoteRequests({ environment: { SSL_CERT_FILE: path.join(folder, 'none') }, version: '1' });
    await expect(missing.send(url, request)).rejects.toThrow('SSL_CERT_FILE');
    server.close();
    await rm(folder, { recursive: true });
  });
});

/** A proxy that connects to the host and port that `CONNECT` names. */
async function connectProxy(): Promise<{ server: HttpServer; targets: string[] }> {
  const targets: string[] = [];
  const server = createHttpServer();
  server.on('connect', (request, socket) => {
    targets.push(request.url ?? '');
    const { hostname, port } = new URL(`http://${request.url}`);
    const far = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      far.pipe(socket).pipe(far);
    });
    far.on('error', () => socket.destroy());
    socket.on('error', () => far.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { server, targets };
}

function portOf(server: HttpServer | Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address.port;
}

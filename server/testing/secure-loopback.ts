import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** An HTTPS server of a test on 127.0.0.1, under names of its own. */
export class SecureLoopback {
  /** File with its certificate, for `SSL_CERT_FILE`. */
  readonly certificate: string;
  readonly #folder: string;
  readonly #server: Server;

  private constructor(folder: string, certificate: string, server: Server) {
    this.#folder = folder;
    this.certificate = certificate;
    this.#server = server;
  }

  /** @param names Host names of the certificate. */
  static async open(
    names: readonly string[],
    handler: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<SecureLoopback> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-secure-'));
    const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`;
    const subject = ['-subj', '/CN=localhost', '-addext', alternatives];
    await promisify(execFile)('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', certificate, ...subject]);
    const server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, handler);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new SecureLoopback(folder, certificate, server);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen');
    return address.port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    await rm(this.#folder, { recursive: true });
  }
}

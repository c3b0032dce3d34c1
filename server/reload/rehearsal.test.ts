import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rehearse } from './rehearsal.ts';

let folder: string;
let stage: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-test-'));
  stage = path.join(folder, 'rehearsal');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A server that answers with a given status, and leaves a file on the stage. */
async function start(onRequest: RequestListener) {
  writeFileSync(path.join(stage, 'left'), '');
  const server = createServer(onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

describe('a rehearsal', () => {
  it('sends requests to the server on an empty stage, and leaves no file', async () => {
    mkdirSync(stage);
    writeFileSync(path.join(stage, 'of one that was killed'), '');
    const asked = new Set<string | undefined>();
    let isEmpty = false;
    await rehearse({ stage, doors: path.join(folder, 'doors') }, async () => {
      isEmpty = !existsSync(path.join(stage, 'of one that was killed'));
      return start(({ url }, response) => {
        asked.add(url);
        response.end('{}');
      });
    });
    expect([isEmpty, existsSync(stage)]).toEqual([true, false]);
    expect(asked).toEqual(new Set(['/api/instances', '/v1/models']));
  });

  it('fails when the server answers with a 5xx status', async () => {
    const rehearsed = rehearse({ stage, doors: path.join(folder, 'doors') }, () =>
      start((_request, response) => response.writeHead(500).end()),
    );
    await expect(rehearsed).rejects.toThrow(/answered 500/);
    expect(existsSync(stage)).toBe(false);
  });

  it('does not fail when the server refuses a request', async () => {
    await rehearse({ stage, doors: path.join(folder, 'doors') }, () =>
      start((_request, response) => response.writeHead(401).end()),
    );
  });

  it('leaves no file of a server that cannot be built', async () => {
    const built = async (): Promise<never> => {
      writeFileSync(path.join(stage, 'left'), '');
      throw new Error('no such engine');
    };
    await expect(rehearse({ stage, doors: path.join(folder, 'doors') }, built)).rejects.toThrow('no such engine');
    expect(existsSync(stage)).toBe(false);
  });
});

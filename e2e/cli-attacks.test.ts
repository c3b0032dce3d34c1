import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand, type CommandResult } from './command-line.ts';
import { ServerProcess } from './server-process.ts';

/** Another user of the machine wants the token of the command line. Each attack must end without a request that carries one. */

let server: ServerProcess;
/** Requests that came to the attacker, with their credentials. */
let seen: string[];
let attacker: Server;
/** The attacker's answer to every request, with the status 401. */
let answer: string;
const ends: (() => void)[] = [];

beforeEach(async () => {
  server = await ServerProcess.create('auth: { enabled: true }');
  await server.start();
  seen = [];
  answer = '{}';
  attacker = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(401, { 'content-type': 'application/json' }).end(answer);
  });
});

afterEach(async () => {
  for (const end of ends.splice(0)) end();
  attacker.close();
  await server.dispose();
});

const run = (words: string[], more: Record<string, string> = {}, input = ''): Promise<CommandResult> =>
  runCommand(words, { HOME: server.home, LLAMACTL_DATA_DIR: server.dataDirectory, ...more }, input);

/** A process of another user, where we may choose one. */
async function foreignPid(): Promise<number> {
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn('sleep', ['1000000'], { stdio: 'ignore', ...user });
  await once(child, 'spawn');
  ends.push(() => child.kill('SIGKILL'));
  if (child.pid === undefined) throw new Error('no pid');
  return child.pid;
}

/** The server dies without a word, its pid goes to another process, and its port to the attacker. */
async function usurp(): Promise<void> {
  const file = path.join(server.dataDirectory, 'server.json');
  await server.end('SIGKILL');
  const described = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...described, pid: await foreignPid() }));
  attacker.listen(server.port, '127.0.0.1');
  await once(attacker, 'listening');
}

describe('a reused pid in server.json', () => {
  it('sends neither the log-in of a context nor LLAMACTL_TOKEN to the process that has the port', async () => {
    const password = await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8');
    expect((await run(['login', 'admin', '--password-stdin'], {}, password)).status).toBe(0);
    const token = (await run(['token'])).stdout.trim();
    expect((await run(['ps'])).status).toBe(0);
    await usurp();
    for (const words of [['ps'], ['keys', 'ls'], ['logout']]) {
      const { status, stderr } = await run(words);
      expect([words, status, stderr]).toEqual([words, 5, expect.any(String)]);
    }
    for (const words of [['ps'], ['login', 'admin', '--password-stdin']]) {
      expect((await run(words, { LLAMACTL_TOKEN: token }, password)).status).not.toBe(0);
    }
    expect(seen).toEqual([]);
  });
});

describe('another program that refuses every request, such as a llama-server with an API key', () => {
  it.each([
    '{"error":{"message":"Invalid API Key","type":"authentication_error","code":401}}',
    '{"error":"unauthorized"}',
    'Unauthorized',
  ])('is sent no password: %s', async (refusal) => {
    answer = refusal;
    attacker.listen(0, '127.0.0.1');
    await once(attacker, 'listening');
    const { port } = attacker.address() as AddressInfo;
    const words = ['login', 'admin', '--password-stdin', '--url', `http://127.0.0.1:${port}`];
    const { status, stderr } = await run(words, {}, 'the password');
    expect([status, stderr]).toEqual([1, expect.stringContaining("not in llamactl's format")]);
    expect(seen).toEqual(['GET /api/system/info undefined']);
  });
});

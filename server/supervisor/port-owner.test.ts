import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { findOwner, findPortHolder, listeningPorts, markedPorts, loadedProgram } from './port-owner.ts';
import { createProcessScan } from './process-scan.ts';

const scan = createProcessScan(systemClock());
const none = async (): Promise<number[]> => [];
const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => void server.close(resolve))));
});

async function listen(host: string, port = 0, reusePort = false): Promise<number> {
  const server = createServer();
  servers.push(server);
  server.listen({ host, port, reusePort, exclusive: true });
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

describe('the owner of a port', () => {
  test.each(['127.0.0.1', '0.0.0.0', '::', '::1', '::ffff:127.0.0.1'])('is found for a socket on %s', async (host) => {
    const port = await listen(host);
    expect(await findOwner(port, process.pid, none)).toBe('ours');
    expect(await findOwner(port, process.ppid, none)).toBe('foreign');
    expect(await findOwner(port, null, none)).toBe('foreign');
  });

  test('may be a process of the run other than the engine', async () => {
    const port = await listen('127.0.0.1');
    expect(await findOwner(port, process.ppid, async () => [process.ppid, process.pid])).toBe('ours');
  });

  test('is `closed` without a listener', async () => {
    const port = await listen('127.0.0.1');
    await new Promise((resolve) => void servers.pop()?.close(resolve));
    expect(await findOwner(port, process.pid, none)).toBe('closed');
  });

  test('is the listener on the address that a connection reaches, not on a wider one', async () => {
    const port = await listen('127.0.0.1');
    // the kernel lets both listen; it prefers the exact address
    const other = await listenElsewhere('::1', port);
    try {
      expect(await findOwner(port, process.pid, none)).toBe('ours');
      expect(await findOwner(port, other.pid, none)).toBe('foreign');
    } finally {
      await other.end();
    }
  });

  test('is foreign when a foreign process shares the port and so gets some of the connections', async () => {
    const port = await listen('127.0.0.1', 0, true);
    const other = await listenElsewhere('127.0.0.1', port);
    try {
      expect(await findOwner(port, process.pid, none)).toBe('foreign');
      expect(await findOwner(port, process.pid, async () => [other.pid])).toBe('ours');
    } finally {
      await other.end();
    }
  });

  test('is found among many connections', async () => {
    const port = await listen('127.0.0.1');
    const sockets = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const { connect } = await import('node:net');
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');
        return socket;
      }),
    );
    expect(await findOwner(port, process.pid, none)).toBe('ours');
    for (const socket of sockets) socket.destroy();
  });
});

describe('ports with a listener', () => {
  test.each(['127.0.0.1', '0.0.0.0', '::1'])('include a port of %s while it is open', async (host) => {
    const port = await listen(host);
    expect(listeningPorts()).toContain(port);
    await new Promise((resolve) => void servers.pop()?.close(resolve));
    expect(listeningPorts()).not.toContain(port);
  });
});

describe('the ports of engines', () => {
  test('are ports of processes with the tag of a run', async () => {
    const engine = await listenElsewhere('127.0.0.1', 0, { LLAMACTL_RUN: 'd.i.n' });
    const other = await listenElsewhere('127.0.0.1', 0);
    try {
      const ports = await markedPorts(scan);
      expect([ports.has(engine.port), ports.has(other.port)]).toEqual([true, false]);
    } finally {
      await Promise.all([engine.end(), other.end()]);
    }
  });
});

describe('the holder of a port', () => {
  test.each(['127.0.0.1', '0.0.0.0', '::', '::1'])('on %s is named with its pid', async (host) => {
    const port = await listen(host);
    const holder = await findPortHolder(port, scan);
    expect(holder?.pid).toBe(process.pid);
    expect(holder?.description).toMatch(new RegExp(`^[ -~]+ \\(pid ${process.pid}\\)$`));
  });

  test('is null for a free port, which stays free', async () => {
    const port = await listen('127.0.0.1');
    await new Promise((resolve) => void servers.pop()?.close(resolve));
    expect(await findPortHolder(port, scan)).toBeNull();
    expect(await findPortHolder(port, scan)).toBeNull();
    expect(await listen('127.0.0.1', port)).toBe(port);
  });
});

async function listenElsewhere(
  host: string,
  port: number,
  environment: Record<string, string> = {},
): Promise<{ pid: number; port: number; end(): Promise<unknown> }> {
  const script = `const server = require('net').createServer().listen({ host: '${host}', port: ${port}, reusePort: true }, () => console.log(server.address().port))`;
  const child = spawn(process.execPath, ['-e', script], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    pid: child.pid ?? 0,
    port: Number(said.toString()),
    end: () => {
      child.kill('SIGKILL');
      return once(child, 'exit');
    },
  };
}

describe('the name of a program', () => {
  test.each([
    ['ld-linux-x86-64', ['/lib64/ld-linux-x86-64.so.2', '/opt/llama-server', '--port', '8100'], 'llama-server'],
    ['ld-linux-aarch6', ['ld.so', '--library-path', '/opt/lib:/x', '/opt/bin/llama-server'], 'llama-server'],
    ['ld-musl-x86_64.', ['ld.so', '--argv0', 'a', '--preload', 'b', 'engine', '--list'], 'engine'],
  ])('of loader %s with %j is %j', (name, argv, program) => {
    expect(loadedProgram(name, argv)).toBe(program);
  });

  test('is null without a loader', () => {
    expect(loadedProgram('llama-server', ['llama-server', '--port', '8100'])).toBeNull();
    expect(loadedProgram('ld-linux-x86-64', ['ld.so', '--list-tunables', ''])).toBeNull();
  });
});

import { once } from 'node:events';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { OutcomeStage } from './outcome-stage.ts';
import { MAIN } from './program.ts';

/** Others who have, or want, what belongs to the server and its engines: a port, or the data directory. */

let stage: OutcomeStage;

beforeAll(async () => {
  stage = await OutcomeStage.open();
});
afterAll(() => stage.dispose());
afterEach(() => stage.clear());

describe('a foreign process', () => {
  it('takes the port of an engine that is just starting: it is never taken for the engine, and the start tells', async () => {
    const gate = path.join(stage.folder, 'gate');
    const port = stage.server.ports.next();
    await stage.create({ port, command: [stage.program(`until [ -e '${gate}' ]; do sleep 0.02; done`)] });
    const starting = stage.command('start?wait=true');
    await vi.waitFor(async () => expect((await stage.instance()).pid).not.toBeNull());
    let probes = 0;
    const answerAll = createHttpServer((_request, response) => {
      probes += 1;
      response.end('{"status":"ok"}');
    });
    await stage.listenOn(port, answerAll);
    await vi.waitFor(() => expect(probes).toBeGreaterThan(5));
    expect((await stage.instance()).status).toBe('starting');
    writeFileSync(gate, '');
    const { status, body } = await starting;
    expect(status).toBe(502);
    expect(body).toMatchObject({ code: 'START_FAILED', reason: expect.stringContaining(String(port)) as unknown });
    expect(await stage.instance()).toMatchObject({ status: 'failed', pid: null });
  });

  it('has taken the port of an engine that ended while no server was there: another is found', async () => {
    const pid = await stage.run();
    const { port } = await stage.instance();
    await stage.away(async () => {
      await stage.endEngine(pid);
      await stage.listenOn(port);
    });
    await stage.runsAnew(pid);
    expect((await stage.instance()).port).not.toBe(port);
  });

  it('has taken a port that the user gave: llamactl reports it, and uses the port again when it is free', async () => {
    const port = stage.server.ports.next();
    const pid = await stage.run({ port });
    await stage.away(async () => {
      await stage.endEngine(pid);
      await stage.listenOn(port);
    });
    await vi.waitFor(async () => {
      const { status, reason } = await stage.instance();
      expect(status).toBe('restarting');
      expect(reason).toContain(`${process.pid}`);
    }, 10_000);
    stage.freePorts();
    await stage.runsAnew(pid);
    expect((await stage.instance()).port).toBe(port);
  });

  it('has taken the port of the server: it does not start, names that process, and leaves the engines alone', async () => {
    const pid = await stage.run();
    await stage.server.end('SIGKILL');
    await stage.listenOn(stage.server.port);
    await expect(stage.server.start()).rejects.toThrow(
      new RegExp(`port ${stage.server.port} is taken by .*${process.pid}`),
    );
    expect(await stage.engines()).toEqual([pid]);
    stage.freePorts();
    await stage.server.start();
    expect(await stage.instance()).toMatchObject({ status: 'running', pid });
  });
});

describe('a second server', () => {
  it.each(['by its name', 'by another name of it', 'whose lock somebody removed'])(
    'on the data directory, %s, names the first and changes nothing',
    async (by) => {
      const pid = await stage.run();
      if (by.startsWith('whose')) {
        for (const name of ['server.lock', 'server.entry.lock']) rmSync(path.join(stage.server.dataDirectory, name));
      }
      const link = path.join(stage.folder, 'link');
      const directory = by === 'by another name of it' ? link : stage.server.dataDirectory;
      if (directory === link) symlinkSync(stage.server.dataDirectory, link);
      const words = [MAIN, 'serve', '--data-dir', directory, '--port', String(stage.server.ports.next())];
      const second = stage.other(process.execPath, ...words);
      let said = '';
      second.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const [code] = (await once(second, 'close')) as [number];
      expect(code).toBe(1);
      expect(said).toContain(`Another llamactl server (pid ${stage.server.pid}, ${stage.server.url}) already uses`);
      expect(await stage.server.holder()).toMatchObject({ pid: stage.server.pid, url: stage.server.url });
      expect(await stage.instance()).toMatchObject({ status: 'running', pid });
      await stage.answers();
    },
  );
});

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { testGo, testModel } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { GoModule, type GoResult } from './go-module.ts';
import { ServerProcess } from './server-process.ts';

/**
 * The Go client by its own tests, against the real program with the real engine. They also build what clients/go/README.md
 * and docs/client.md print, in an empty project. The long tier watches for data races too, which takes several times as long.
 */

const FOLDER = path.join(import.meta.dirname, '..', 'clients', 'go');
const go = testGo();
const tests = await GoModule.testsIn(FOLDER);
const WHY = 'missing' in go ? `: ${go.missing}` : '';
/** All of Go that it needs has to be compiled when it is the first time. */
const FIRST_TIME = 600_000;

describe.skipIf('missing' in go)(`the Go client${WHY}`, () => {
  let server: ServerProcess;
  let door: Server;
  let module: GoModule;
  let isWatched = false;
  let results: Map<string, GoResult>;
  let rest: string;

  beforeAll(async () => {
    module = new GoModule(FOLDER, 'program' in go ? go.program : '');
    if (isLong) isWatched = await module.watchRaces();
    else module.compileQuickly();
    server = await ServerProcess.create();
    await server.start();
    door = createServer((request, response) => {
      restart(server, request.url ?? '').then(
        () => response.end(),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
    await once(door.listen(0, '127.0.0.1'), 'listening');
    const run = await module.test('.', {
      LLAMACTL_TEST_URL: server.url,
      LLAMACTL_TEST_MODEL: await testModel(),
      LLAMACTL_TEST_SENTENCE: DEMO_SENTENCE,
      LLAMACTL_TEST_RESTART: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    });
    results = run.results;
    rest = run.text;
  }, FIRST_TIME);

  afterAll(async () => {
    await server.dispose();
    door.closeAllConnections();
    door.close();
  });

  it('is formatted', async () => {
    expect(await module.run('gofmt', ['-l', '.'])).toEqual({ code: 0, text: '' });
  });

  it.runIf(isLong)('is vetted', { timeout: FIRST_TIME }, async () => {
    expect(await module.run('go', ['vet', './...'])).toEqual({ code: 0, text: '' });
  });

  it.runIf(isLong)('is watched for data races', (context) => {
    context.skip(!isWatched, 'this machine has no C compiler');
    expect(rest).not.toContain('DATA RACE');
  });

  it.each(tests)('%s', (name) => {
    const { outcome, output } = results.get(name) ?? { outcome: 'none', output: rest };
    expect(outcome, output).toBe('pass');
  });

  it('has no test that fails and is not named here', () => {
    const failed = [...results].filter(([, { outcome }]) => outcome === 'fail').map(([name]) => name);
    expect(failed.filter((name) => !tests.includes(name))).toEqual([]);
  });
});

/** Ends the server by the signal that a path names, and starts it again: a test of Go cannot. */
async function restart(server: ServerProcess, named: string): Promise<void> {
  await server.end(named === '/SIGKILL' ? 'SIGKILL' : 'SIGTERM');
  await server.start();
}

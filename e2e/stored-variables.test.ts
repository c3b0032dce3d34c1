import { afterAll, beforeAll, expect, it } from 'vitest';
import { fakeEngineCommand } from '@llamactl/server/testing/fake-engine';
import { ServerProcess } from './server-process.ts';

/** Instances whose variables were stored while more was allowed. */

const ALLOWED = 'security: { allow_privileged: true }\n';
let server: ServerProcess;
let configuration: string;

beforeAll(async () => {
  server = await ServerProcess.create();
  const [command, program] = fakeEngineCommand();
  const fake = { kind: 'custom', command, args: [program, '--port', '${PORT}'] };
  configuration = `engines: ${JSON.stringify({ fake })}\n`;
  await server.configure(configuration + ALLOWED);
  await server.start();
});

afterAll(() => server.dispose());

it('show and edit, and their start says which variable it is', async () => {
  const environment = { FLEXIBLAS: 'x', OMP_NUM_THREADS: '2' };
  expect((await server.call('POST', '/api/instances', { name: 'a', engine: 'fake', environment })).status).toBe(201);
  await server.end('SIGTERM');
  await server.configure(configuration);
  await server.start();

  expect(await server.instance('a')).toMatchObject({ status: 'stopped', environment });
  expect((await server.call('GET', '/api/instances/a/health')).body).toMatchObject({
    start_obstacle: { code: 'PRIVILEGED_OPTION', message: expect.stringContaining('`FLEXIBLAS`') as unknown },
  });
  expect(await server.call('POST', '/api/instances/a/start')).toMatchObject({
    status: 400,
    body: { code: 'PRIVILEGED_OPTION', error: expect.stringContaining('`FLEXIBLAS`') as unknown },
  });
  const asked = await server.call('POST', '/v1/completions', { model: 'a', prompt: 'x' });
  expect([asked.status, JSON.stringify(asked.body)]).toEqual([503, expect.stringContaining('`FLEXIBLAS`')]);

  const change = { aliases: ['b'], environment: { OMP_NUM_THREADS: '4' } };
  expect(await server.call('PUT', '/api/instances/a', change)).toMatchObject({
    status: 200,
    body: { warnings: [expect.stringContaining('environment.FLEXIBLAS keeps the instance from starting') as unknown] },
  });
  const entry = { name: 'a', engine: 'fake', environment: { FLEXIBLAS: 'x' } };
  const applied = await server.call('POST', '/api/apply', { instances: [entry] });
  expect(applied).toMatchObject({
    status: 200,
    body: { results: [{ warnings: [expect.stringContaining('environment.FLEXIBLAS keeps the instance') as unknown] }] },
  });
  expect((await server.call('PUT', '/api/instances/a', { environment: { FLEXIBLAS: 'y' } })).status).toBe(400);
  expect((await server.call('PUT', '/api/instances/a', { environment: { FLEXIBLAS: null } })).status).toBe(200);
  expect((await server.call('POST', '/api/instances/a/start?wait=true')).status).toBe(200);
});

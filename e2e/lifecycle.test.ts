import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

const run = promisify(execFile);

/** The seed's "Complete Instance Lifecycle" word for word; only addresses, port and model file are those of the test. */
const SCRIPT = `
# Create instance
curl -X POST http://localhost:8080/api/instances \\
-H "Content-Type: application/json" \\
-d '{
"name": "example",
"model_path": "/models/example.gguf",
"port": 8081
}'
# Start instance
curl -X POST http://localhost:8080/api/instances/example/start
# Check status
curl http://localhost:8080/api/instances/example
# Stop instance
curl -X POST http://localhost:8080/api/instances/example/stop
# Delete instance
curl -X DELETE http://localhost:8080/api/instances/example
`;

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.create();
  await server.start();
});

afterAll(() => server.dispose());

describe("the seed's lifecycle script against the real engine", () => {
  it('works ten times in a row without a pause', async () => {
    const script = SCRIPT.replaceAll('localhost:8080', `localhost:${server.port}`)
      .replace('8081', String(server.ports.next()))
      .replace('/models/example.gguf', await testModel())
      // One answer per line, to distinguish them.
      .replaceAll('curl ', "curl -sS -w '\\n' ");
    for (let round = 0; round < 10; round += 1) {
      const { stdout } = await run('sh', ['-c', script]);
      const answers = stdout
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line));
      expect(answers, `round ${round}`).toMatchObject([
        { message: 'Instance created successfully', instance: { name: 'example', status: 'stopped' } },
        { message: 'Instance start initiated', status: 'starting' },
        { name: 'example', status: expect.stringMatching(/^(starting|running)$/) as unknown },
        { message: 'Instance stop initiated', status: 'stopping' },
        { message: 'Instance deleted successfully' },
      ]);
    }
    expect(await server.processes()).toEqual([]);
  });
});

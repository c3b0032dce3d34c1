import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { buildClient } from '../scripts/client-package.ts';
import { OTHER_NODES } from '../scripts/runtime-install.ts';
import { testBrowser, testModel, testNode } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import type { Outcome, Setting } from './client-scenario.ts';
import { ServerProcess } from './server-process.ts';

/** The client library as it is published, on the platforms that it is for, against the real program. */

/** For Node 20, which has none: that of the server. */
const WS = createRequire(import.meta.resolve('@llamactl/server/main')).resolve('ws');
const EXPECTED: Omit<Outcome, 'withoutWebSocket'> = {
  answer: DEMO_SENTENCE,
  transitions: ['stopped → starting', 'starting → running', 'running → stopping', 'stopping → stopped'],
  line: 'a line',
  errors: [
    'NotFoundError INSTANCE_NOT_FOUND',
    'ConflictError INSTANCE_EXISTS',
    'ValidationError VALIDATION_ERROR',
    'ConnectionError',
    // Of a DOMException, as of old.
    'AbortError 20',
    'TimeoutError',
  ],
};

let folder: string;
let setting: Setting;
let server: ServerProcess;
/** A port on which no process listens. */
let ports: PortBlock;
let page: Awaited<ReturnType<typeof servePage>>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-client-'));
  await buildClient(path.join(folder, 'client'));
  const scenario = await readFile(path.join(import.meta.dirname, 'client-scenario.ts'), 'utf8');
  await writeFile(path.join(folder, 'scenario.js'), stripTypeScriptTypes(scenario));
  await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
  page = await servePage(folder);
  server = await ServerProcess.create(`server: { allowed_origins: ["${page.origin}"] }`);
  await server.start();
  ports = await PortBlock.take();
  setting = {
    url: server.url,
    model: await testModel(),
    nowhere: `http://127.0.0.1:${ports.range[0]}`,
    silent: `${page.origin}/silent`,
  };
});

afterAll(async () => {
  await server.dispose();
  ports.release();
  await page.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the published client', () => {
  it.runIf(isLong)('is typed for who has nothing but a browser, and for who has nothing but Node', async () => {
    const program = "import { Client } from './client/index.js';\nexport const client: Client = new Client();\n";
    await writeFile(path.join(folder, 'program.ts'), program);
    await compile('--types', '', '--lib', 'es2022,dom,dom.asynciterable', 'program.ts');
    await compile('--types', 'node', '--lib', 'es2022', 'program.ts');
  });

  it.runIf(isLong)('is found by its name, in whichever way a project looks for it', async () => {
    const project = path.join(folder, 'project');
    const place = path.join(project, 'node_modules', '@llamactl', 'client');
    await cp(path.join(folder, 'client'), place, { recursive: true });
    const program = "import { Client } from '@llamactl/client';\nexport const client: Client = new Client();\n";
    const names = ['program.mts', 'program.cts'].map((name) => path.join(project, name));
    for (const name of names) await writeFile(name, program);
    const [module = ''] = names;
    await compile('--types', 'node', ...names);
    await compile('--types', 'node', '--module', 'node16', '--moduleResolution', 'node16', module);
    await compile('--types', 'node', '--module', 'esnext', '--moduleResolution', 'bundler', module);
    const script = `const { Client } = require('@llamactl/client');
new Client(${JSON.stringify(setting.url)}).getReadiness().then(({ status }) => process.stdout.write(status));
`;
    await writeFile(path.join(project, 'script.cjs'), script);
    for (const version of OTHER_NODES) {
      const run = { environment: process.env, directory: project };
      const { stdout, stderr } = await runTool(testNode(version), ['script.cjs'], run);
      expect([version, stdout, stderr]).toEqual([version, 'ok', '']);
    }
  });

  it('does what its pages say, whose examples are right', async () => {
    const pages = ['client/README.md', 'docs/client.md'];
    const root = path.join(import.meta.dirname, '..');
    const texts = await Promise.all(pages.map((name) => readFile(path.join(root, name), 'utf8')));
    const { scripts } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { scripts: object };
    for (const text of texts) {
      expect(text).toContain('`npm ci && npm run build:client`');
      const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
      expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
    }
    expect(await readFile(path.join(folder, 'client', 'README.md'), 'utf8')).toBe(texts[0]);
    const examples = [...texts.join('\n').matchAll(/```ts\n([^]*?)```/g)].map(([, text = '']) =>
      text
        .replaceAll("'@llamactl/client'", "'./client/index.js'")
        .replace('http://127.0.0.1:8080', setting.url)
        .replace('/models/example.gguf', setting.model),
    );
    const files = examples.map((_, index) => `example-${index}.ts`);
    for (const [index, text] of examples.entries()) await writeFile(path.join(folder, files[index] ?? ''), text);
    await compile('--types', 'node', '--lib', 'es2022', ...files);
    const { stdout } = await runTool(process.execPath, [files[0] ?? ''], {
      environment: process.env,
      directory: folder,
    });
    expect(stdout).toBe(DEMO_SENTENCE);
  });

  it.each(isLong ? [...OTHER_NODES, process.versions.node] : OTHER_NODES.slice(0, 1))(
    'works on Node %s',
    async (version) => {
      const program = version === process.versions.node ? process.execPath : testNode(version);
      const driver = path.join(folder, `on-${version}.js`);
      await writeFile(
        driver,
        `import * as client from './client/index.js';
import { scenario } from './scenario.js';
import WebSocket from ${JSON.stringify(WS)};
const setting = ${JSON.stringify(setting)};
const own = 'WebSocket' in globalThis ? {} : { WebSocket };
process.stdout.write(JSON.stringify(await scenario(client, { ...setting, ...own })));
`,
      );
      const { stdout } = await runTool(program, [driver], { environment: process.env, directory: folder });
      const { withoutWebSocket, ...outcome } = JSON.parse(stdout) as Outcome;
      expect(outcome).toEqual(EXPECTED);
      if (version.startsWith('20.')) expect(withoutWebSocket).toContain('This platform has no WebSocket.');
      else expect(withoutWebSocket).toBe(null);
    },
  );

  it.runIf(isLong)('works in Chromium, in a page of another origin that is let in', async (context) => {
    const browser = testBrowser();
    if ('missing' in browser) {
      context.skip(browser.missing);
      return;
    }
    page.content = `<script type="module">
import * as client from './client/index.js';
import { scenario } from './scenario.js';
const outcome = await scenario(client, ${JSON.stringify(setting)}).catch((error) => String(error?.stack ?? error));
await fetch('/outcome', { method: 'POST', body: JSON.stringify(outcome) });
</script>`;
    const profile = path.join(folder, 'profile');
    // Its sandbox does not work for root; the page is ours.
    const flags = [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
    ];
    const child = spawn(browser.program, [...flags, page.origin], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    try {
      const early = ended.then(() => {
        throw new Error('the browser ended before the page had');
      });
      early.catch(() => undefined);
      const outcome = JSON.parse(await Promise.race([page.outcome, early])) as Outcome;
      expect(outcome).toEqual({ ...EXPECTED, withoutWebSocket: null });
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });
});

/** @throws {Error} with what is wrong */
async function compile(...given: string[]): Promise<void> {
  const modules = path.join(import.meta.dirname, '..', 'node_modules');
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--typeRoots'];
  const argv = [path.join(modules, 'typescript', 'bin', 'tsc'), ...flags, path.join(modules, '@types'), ...given];
  await runTool(process.execPath, argv, { environment: process.env, directory: folder });
}

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '': 'text/html' };

/** Serves the files of a folder and one page, and takes what that sends back. Below `/silent` nothing is ever answered. */
async function servePage(root: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const state = { content: '' };
  const http = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://page');
    if (pathname.startsWith('/silent')) return;
    if (request.method === 'POST') {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        response.end();
        resolve(body);
      });
      return;
    }
    response.setHeader('content-type', TYPES[path.extname(pathname)] ?? 'text/plain');
    if (pathname === '/') response.end(state.content);
    else {
      readFile(path.join(root, pathname)).then(
        (bytes) => response.end(bytes),
        (error: unknown) => {
          response.writeHead(404).end();
          if (pathname !== '/favicon.ico') reject(error);
        },
      );
    }
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    outcome: promise,
    set content(html: string) {
      state.content = html;
    },
    close: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
}

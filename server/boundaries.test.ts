import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** Checks the import rules of docs/architecture.md against every import of the project. */

const ROOT = path.join(import.meta.dirname, '..');
const WORKSPACES = ['contract', 'client', 'format', 'server', 'cli', 'web', 'e2e', 'bench', 'scripts'];
const SERVICES = ['instances', 'gateway', 'metrics'];
const ADAPTERS = ['supervisor', 'engines', 'logs', 'store', 'events'];

/** Files outside its own folder that an adapter may import, besides the domain's ports. */
const PORTS = new Set([
  'server/instances/life/lifecycle.ts',
  'server/instances/why/failure-cause.ts',
  'server/auth/auth-ports.ts',
  'server/models/downloads/download-store.ts',
  'server/models/gguf-header.ts',
  'server/models/gguf-headers.ts',
  'server/models/other-files.ts',
  'server/suggestion.ts',
  'server/whole-file.ts',
]);

/** Folders that reach instances through `InstanceManager`, `FleetManager` and `GatewayInstances`. */
const USERS_OF_INSTANCES = ['http', 'gateway', 'metrics'];
/**
 * Files outside of the adapters that implement a port: the meter measures the processes of this machine for the domain,
 * and the last figures are for its lists; the list of
 * load times is for its estimates.
 */
const IMPLEMENTS_A_PORT = new Set([
  'server/metrics/meter.ts',
  'server/metrics/machine-memory-meter.ts',
  'server/metrics/last-figures.ts',
  'server/metrics/load-time-list.ts',
]);

/** Sections of `app.ts`, which may import everything that `app.ts` may. */
const SECTIONS = new Set(
  [
    'callers',
    'context-keeping',
    'engine-logs',
    'hub',
    'inherited-lock',
    'listening',
    'load-time-keeping',
    'history-keeping',
    'usage-keeping',
    'host-watch',
    'alerts-wiring',
    'decision-log',
    'diagnosis',
    'downloading',
    'observation',
    'replaceable-server',
    'serving',
    'storage',
    'take-over',
    'teardown',
  ].map((noun) => `server/app/${noun}.ts`),
);

interface Import {
  /** Path of the importing file from the project's root. */
  from: string;
  /** Path of the imported file from the project's root, or the package's name. */
  to: string;
}

function filesBelow(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/node_modules|dist/.test(entry.parentPath))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
}

function resolve(from: string, specifier: string): string {
  if (specifier.startsWith('.')) return path.join(path.dirname(from), specifier);
  if (specifier === '@llamactl/client') return 'client/index.ts';
  const workspace = /^@llamactl\/(\w+)\/(.+)$/.exec(specifier);
  return workspace === null ? specifier : `${workspace[1]}/${workspace[2]}.ts`;
}

const FILES = WORKSPACES.filter((folder) => existsSync(path.join(ROOT, folder)))
  .flatMap(filesBelow)
  .map((file) => ({
    file,
    text: readFileSync(path.join(ROOT, file), 'utf8'),
  }));
const IMPORTS: Import[] = FILES.flatMap(({ file, text }) =>
  [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g,
    ),
  ].map((match) => ({
    from: file,
    to: resolve(file, match[1] ?? match[2] ?? match[3] ?? ''),
  })),
);

const isTest = (file: string): boolean =>
  file.endsWith('.test.ts') || /^(server|client|cli|web)\/testing\//.test(file) || file.startsWith('e2e/');
const sources = IMPORTS.filter(({ from }) => !isTest(from));
const shown = (imports: readonly Import[]): string[] => imports.map(({ from, to }) => `${from} → ${to}`);
const below =
  (folder: string) =>
  (file: string): boolean =>
    file.startsWith(`${folder}/`);

const isDomainPort = below('server/instances/ports');

/** Lists files, except tests, that contain a pattern. */
function filesWith(pattern: RegExp): string[] {
  return FILES.filter(({ file, text }) => !isTest(file) && pattern.test(text)).map(({ file }) => file);
}

describe('imports', () => {
  it('the contract imports only zod', () => {
    const known = (to: string): boolean => to.startsWith('contract/') || to === 'zod';
    expect(shown(sources.filter(({ from, to }) => below('contract')(from) && !known(to)))).toEqual([]);
  });

  it('the client imports only itself, since it is published alone', () => {
    expect(shown(sources.filter(({ from, to }) => below('client')(from) && !below('client')(to)))).toEqual([]);
  });

  it('format holds pure functions that import only each other', () => {
    expect(shown(sources.filter(({ from, to }) => below('format')(from) && !below('format')(to)))).toEqual([]);
  });

  it('the page imports itself, the client, the formats of figures and its libraries, and no other folder', () => {
    const own = (to: string): boolean => below('web')(to) || below('format')(to) || to === 'client/index.ts';
    const isFolder = (to: string): boolean => WORKSPACES.some((folder) => below(folder)(to));
    expect(shown(sources.filter(({ from, to }) => below('web')(from) && isFolder(to) && !own(to)))).toEqual([]);
  });

  it('only the command line, the page and tests import the client, by its index', () => {
    const offending = IMPORTS.filter(
      ({ from, to }) =>
        below('client')(to) &&
        to.endsWith('.ts') &&
        !below('client')(from) &&
        !(to === 'client/index.ts' && ['cli', 'web', 'e2e', 'bench'].some((folder) => below(folder)(from))),
    );
    expect(shown(offending)).toEqual([]);
  });

  it('an adapter implements a port of the domain, and imports neither another adapter nor a service', () => {
    const offending = sources.filter(({ from, to }) => {
      const own = ADAPTERS.find((folder) => below(`server/${folder}`)(from));
      if (own === undefined || !to.startsWith('server/')) return false;
      // Everything that connects to an engine checks that the engine itself accepts the connection.
      const isPort = isDomainPort(to) || PORTS.has(to) || to === 'server/instances/run/assured-listener.ts';
      return !isPort && !below(`server/${own}`)(to);
    });
    expect(shown(offending)).toEqual([]);
  });

  it('instances import only the contract and their own ports', () => {
    const offending = sources.filter(
      ({ from, to }) => below('server/instances')(from) && to.startsWith('server/') && !below('server/instances')(to),
    );
    expect(shown(offending)).toEqual([]);
  });

  it('the gateway reaches an engine through a lease of the instances', () => {
    const allowed = new Set([
      'server/instances/run/assured-listener.ts',
      'server/instances/slots/leases.ts',
      'server/instances/use-cases.ts',
      'server/json-bytes.ts',
      'server/reset-connection.ts',
      'server/sliced-work.ts',
      'server/suggestion.ts',
      'server/whole-file.ts',
    ]);
    const offending = sources.filter(
      ({ from, to }) =>
        below('server/gateway')(from) &&
        to.startsWith('server/') &&
        !below('server/gateway')(to) &&
        !isDomainPort(to) &&
        !allowed.has(to),
    );
    expect(shown(offending)).toEqual([]);
  });

  it('http, gateway and metrics know instances only by their use cases, so that an instance may be on another machine', () => {
    const entrances = new Set([
      'server/instances/use-cases.ts',
      'server/instances/scoped-manager.ts',
      'server/instances/why/explanation.ts',
      'server/instances/why/why-facts.ts',
      'server/instances/settings/secret-words.ts',
      'server/instances/slots/leases.ts',
      'server/instances/run/assured-listener.ts',
    ]);
    // Names from the ports that do not concern the processes, logs or stored state of one machine.
    const names = new Set([
      'AlertSink',
      'Clock',
      'Crossing',
      'Engines',
      'EngineTarget',
      'LogQuery',
      'NO_TRACE',
      'pause',
      'PortWitness',
      'Trace',
    ]);
    const offending = FILES.filter(({ file }) => !isTest(file) && !IMPLEMENTS_A_PORT.has(file)).flatMap(
      ({ file, text }) => {
        if (!USERS_OF_INSTANCES.some((folder) => below(`server/${folder}`)(file))) return [];
        return [...text.matchAll(/(?:^|\n)(?:import|export)([^;]*?)from\s+'([^']+)'/g)].flatMap(
          ([, imported = '', specifier = '']) => {
            const to = resolve(file, specifier);
            if (!below('server/instances')(to) || entrances.has(to)) return [];
            const words = imported.match(/\b(?!type\b|as\b)\w+/g) ?? [];
            const isAllowed = isDomainPort(to) && words.every((word) => names.has(word));
            return isAllowed ? [] : [`${file} → ${words.join(', ')} of ${to}`];
          },
        );
      },
    );
    expect(offending).toEqual([]);
  });

  it("auth knows the contract, its own folder and the domain's ports", () => {
    const offending = sources.filter(
      ({ from, to }) =>
        below('server/auth')(from) && to.startsWith('server/') && !below('server/auth')(to) && !isDomainPort(to),
    );
    expect(shown(offending)).toEqual([]);
  });

  it("metrics know the contract, their own ports and the domain's", () => {
    const allowed = new Set(['server/instances/use-cases.ts', 'server/sliced-work.ts', 'server/whole-file.ts']);
    const offending = sources.filter(
      ({ from, to }) =>
        below('server/metrics')(from) &&
        to.startsWith('server/') &&
        !below('server/metrics')(to) &&
        !isDomainPort(to) &&
        !allowed.has(to),
    );
    expect(shown(offending)).toEqual([]);
  });

  it('http calls services, and never an adapter directly', () => {
    const offending = sources.filter(
      ({ from, to }) => below('server/http')(from) && ADAPTERS.some((folder) => below(`server/${folder}`)(to)),
    );
    expect(shown(offending)).toEqual([]);
  });

  it('reload imports leases of instances and a port of http; only app, main and their sections import it', () => {
    const allowed = new Set([
      'server/instances/slots/lease-book.ts',
      'server/instances/slots/leases.ts',
      'server/http/edge/turnstile.ts',
      'server/config/env.ts',
      'server/reset-connection.ts',
      'server/supervisor/port-witness.ts',
    ]);
    const users = new Set([
      'server/app/app.ts',
      'server/main.ts',
      'server/app/inherited-lock.ts',
      'server/app/predecessor-requests.ts',
      'server/app/replaceable-server.ts',
      'server/app/serving.ts',
      'server/app/take-over.ts',
    ]);
    const offending = sources.filter(
      ({ from, to }) =>
        (below('server/reload')(from) &&
          to.startsWith('server/') &&
          !below('server/reload')(to) &&
          !isDomainPort(to) &&
          !allowed.has(to)) ||
        (below('server/reload')(to) && !below('server/reload')(from) && !users.has(from)),
    );
    expect(shown(offending)).toEqual([]);
  });

  it('no service imports http, only main imports app, and only app imports its sections', () => {
    const services = sources.filter(
      ({ from, to }) => SERVICES.some((folder) => below(`server/${folder}`)(from)) && below('server/http')(to),
    );
    const app = sources.filter(({ from, to }) => to === 'server/app/app.ts' && from !== 'server/main.ts');
    const sections = sources.filter(
      ({ from, to }) => SECTIONS.has(to) && !SECTIONS.has(from) && from !== 'server/app/app.ts',
    );
    expect(shown([...services, ...app, ...sections])).toEqual([]);
  });

  it('the command line imports the server by few entry points, and loads it only when needed', () => {
    const doors = new Set(
      ['main', 'read-config', 'version', 'suggestion', 'yaml-places'].map((name) => `server/${name}.ts`),
    );
    const offending = FILES.filter(({ file }) => below('cli')(file) && !isTest(file)).flatMap(({ file, text }) =>
      [...text.matchAll(/(?:^|\n)import\s+(?!type)[^;]*?from\s+'@llamactl\/server\/[^']+'/g)].map(() => file),
    );
    const lazily = sources.filter(({ from, to }) => below('cli')(from) && to.startsWith('server/') && !doors.has(to));
    expect([...offending, ...shown(lazily)]).toEqual([]);
  });
});

describe('access to the system', () => {
  it.each([
    ['fastify is known in http alone', /from 'fastify'/, below('server/http')],
    ['jose is known in auth alone', /from 'jose'/, below('server/auth')],
    ['ws is known in http alone', /from 'ws'/, below('server/http')],
    ['node:sqlite is known in the store alone', /from 'node:sqlite'/, below('server/store')],
    ['only config/env.ts reads the environment', /process\.env\b/, (file: string) => file === 'server/config/env.ts'],
    [
      'time comes only from the clock',
      /\bDate\.now\(|new Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bsetImmediate\(/,
      (file: string) => file === 'server/clock.ts',
    ],
    [
      'only the supervisor starts processes (engines in spawn, short tools in tool, the waker in waker), and reload the successor',
      /from 'node:child_process'/,
      (file: string) =>
        file === 'server/supervisor/spawn.ts' ||
        file === 'server/supervisor/tool.ts' ||
        file === 'server/supervisor/waker.ts' ||
        file === 'server/reload/successor-process.ts',
    ],
    [
      "HTTP to engines is spoken in the gateway's connections and the engines' endpoint, to the outside by the webhook of alerts and for models, to the next server by reload",
      /from 'node:http'[\s\S]*\brequest\(|from 'undici'|\bfetch\(|from 'node:net'[\s\S]*\bconnect\(/,
      (file: string) =>
        file === 'server/gateway/engine-connection.ts' ||
        file === 'server/gateway/engine-socket.ts' ||
        file === 'server/engines/endpoint.ts' ||
        file === 'server/events/webhook.ts' ||
        file === 'server/models/hub/remote-requests.ts' ||
        file === 'server/models/downloads/remote-reader.ts' ||
        file === 'server/reload/forwarding.ts',
    ],
  ])('%s', (_rule, pattern, isAllowed) => {
    expect(filesWith(pattern).filter((file) => below('server')(file) && !isAllowed(file))).toEqual([]);
  });
});

describe('files', () => {
  it('are named after a noun, not after a drawer', () => {
    const drawers = /\/(utils?|helpers?|common|types|misc|shared|constants)\.tsx?$/;
    expect(FILES.map(({ file }) => file).filter((file) => drawers.test(file))).toEqual([]);
  });

  it('are written in kebab-case', () => {
    expect(
      FILES.map(({ file }) => path.basename(file)).filter((name) => !/^[a-z0-9]+([-.][a-z0-9]+)*\.tsx?$/.test(name)),
    ).toEqual([]);
  });

  it('of the server have names that no other file of it has', () => {
    const names = Map.groupBy(FILES.map(({ file }) => file).filter(below('server')), (file) => path.basename(file));
    expect([...names.values()].filter((files) => files.length > 1)).toEqual([]);
  });

  it('do not import each other in a cycle', () => {
    const edges = Map.groupBy(sources, ({ from }) => from);
    const done = new Set<string>();
    const visit = (file: string, trail: string[]): string[] | null => {
      if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
      if (done.has(file)) return null;
      for (const { to } of edges.get(file) ?? []) {
        const circle = visit(to, [...trail, file]);
        if (circle !== null) return circle;
      }
      done.add(file);
      return null;
    };
    for (const { file } of FILES) expect(visit(file, [])).toBe(null);
  });
});

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigSchema } from '@llamactl/contract/config';
import { loadConfig } from '@llamactl/server/config/load';
import { parse } from 'yaml';
import manifest from '../package.json' with { type: 'json' };

/** Tests of an image that need no daemon to build it. */

const ROOT = path.join(import.meta.dirname, '..');
const FOLDER = path.join(ROOT, 'packaging', 'docker');
const PORT = ConfigSchema.parse({}).server.port;

interface Instruction {
  name: string;
  text: string;
}

/** The instructions, each on one line, without comments. */
function instructionsOf(dockerfile: string): Instruction[] {
  const lines = dockerfile.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => ({ name: line.slice(0, line.indexOf(' ')), text: line.slice(line.indexOf(' ') + 1).trim() }));
}

const INSTRUCTIONS = instructionsOf(readFileSync(path.join(FOLDER, 'Dockerfile'), 'utf8'));
const lastStage = INSTRUCTIONS.slice(INSTRUCTIONS.findLastIndex(({ name }) => name === 'FROM'));
const textsOf = (name: string, among = INSTRUCTIONS): string[] =>
  among.filter((each) => each.name === name).map(({ text }) => text);
/** The value of an instruction that occurs once in the last stage. */
const only = (name: string): string => {
  const [text, ...more] = textsOf(name, lastStage);
  if (text === undefined || more.length > 0) throw new Error(`${name} should stand once in the last stage`);
  return text;
};
const jsonOf = (text: string): string[] => JSON.parse(text) as string[];

describe('the image', () => {
  it('has base images that arguments replace, for an engine that an argument selects', () => {
    const arguments_ = new Map(textsOf('ARG').map((text) => text.split('=', 2) as [string, string]));
    const from = textsOf('FROM');
    const external = from.map((text) => /^\$\{(\w+_IMAGE)\} AS /.exec(text)?.[1]).filter((name) => name !== undefined);
    expect(external.map((name) => arguments_.get(name))).not.toContain(undefined);
    expect([...arguments_.values()].filter((value) => value.endsWith(':latest'))).toEqual([]);
    const engines = from.map((text) => / AS engine-(\w+)$/.exec(text)?.[1]).filter((name) => name !== undefined);
    expect(engines).toEqual(['cpu', 'cuda', 'vulkan', 'rocm']);
    expect(from.at(-1)).toBe('engine-${ENGINE}');
    expect(engines).toContain(arguments_.get('ENGINE'));
    expect(external.length + 1).toBe(from.length);
  });

  it('runs as an unprivileged user, with a process 1 that reaps zombies', () => {
    expect(textsOf('USER', lastStage).at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(lastStage.findLastIndex(({ name }) => name === 'RUN')).toBeLessThan(
      lastStage.findLastIndex(({ name }) => name === 'USER'),
    );
    expect(jsonOf(only('ENTRYPOINT'))).toEqual(['tini', '--', 'llamactl']);
    expect(jsonOf(only('CMD'))).toEqual(['serve']);
  });

  it('checks the health of the server where it listens', () => {
    const [, command = ''] = only('HEALTHCHECK').split(' CMD ');
    expect(jsonOf(command).at(-1)).toBe(`http://127.0.0.1:${PORT}/livez`);
    expect(only('EXPOSE')).toBe(String(PORT));
  });

  it('gives the server a valid configuration with network access and accounts', () => {
    const environment = Object.fromEntries(
      only('ENV')
        .split(/\s+/)
        .map((assignment) => assignment.split('=', 2) as [string, string]),
    );
    const home = environment['HOME'] ?? '';
    const { config, warnings } = loadConfig({
      environment,
      home,
      cwd: '/nonexistent',
      uid: 0,
      configFile: '/dev/null',
      overrides: {},
      searchLocal: false,
    });
    expect(warnings).toEqual([]);
    expect(config.server.host).toBe('0.0.0.0');
    expect(config.auth.enabled).toBe(true);
    expect(config.models.dirs).toEqual(['/models']);
    expect(jsonOf(only('VOLUME'))).toEqual([home]);
    expect(config.data_dir.startsWith(`${home}/`)).toBe(true);
  });

  it('leaves no package lists behind, and adds no files from elsewhere', () => {
    const installing = textsOf('RUN').filter((text) => text.includes('apt-get'));
    for (const text of installing) {
      expect(text).toContain('--no-install-recommends');
      expect(text).toContain('rm -rf /var/lib/apt/lists/*');
    }
    expect(textsOf('ADD')).toEqual([]);
    expect(textsOf('RUN').filter((text) => /curl [^&]*http|wget /.test(text))).toEqual([]);
  });

  it('runs existing scripts, on files that the build context contains', () => {
    const scripts = textsOf('RUN').flatMap((text) => [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name));
    expect(scripts.length).toBeGreaterThan(0);
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(scripts));
    const left = readFileSync(path.join(ROOT, '.dockerignore'), 'utf8').trim().split('\n');
    const needed = ['package-lock.json', 'scripts', 'LICENSE', ...manifest.workspaces];
    expect(needed.filter((name) => left.includes(name) || !existsSync(path.join(ROOT, name)))).toEqual([]);
    expect(left).toEqual(expect.arrayContaining(['.git', '.cache', '**/node_modules', '**/dist']));
  });
});

interface Composition {
  services: Record<
    string,
    {
      build: { context: string; dockerfile: string; args: Record<string, string | null> };
      ports: string[];
      volumes: string[];
      stop_grace_period: string;
    }
  >;
  volumes: Record<string, unknown>;
}

describe('compose.yaml', () => {
  const composition = parse(readFileSync(path.join(FOLDER, 'compose.yaml'), 'utf8')) as Composition;
  const [service] = Object.values(composition.services);
  if (service === undefined) throw new Error('compose.yaml has no service');

  it('builds the image with arguments that it has', () => {
    const context = path.join(FOLDER, service.build.context);
    expect(context).toBe(ROOT);
    expect(path.join(context, service.build.dockerfile)).toBe(path.join(FOLDER, 'Dockerfile'));
    const known = textsOf('ARG').map((text) => text.split('=')[0]);
    expect(known).toEqual(expect.arrayContaining(Object.keys(service.build.args)));
  });

  it('passes the build stamp on, if set', () => {
    expect(service.build.args).toMatchObject({ COMMIT: null, SOURCE_DATE_EPOCH: null });
  });

  it('is reachable only from this machine, and keeps its data', () => {
    expect(service.ports).toEqual([`127.0.0.1:${PORT}:${PORT}`]);
    expect(service.volumes).toEqual(['data:/data', expect.stringMatching(/:\/models:ro$/)]);
    expect(Object.keys(composition.volumes)).toEqual(['data']);
  });

  it('lets the server end in order', () => {
    expect(Number.parseInt(service.stop_grace_period, 10)).toBeGreaterThanOrEqual(15);
  });

  const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
  it.skipIf(!hasCompose)('is accepted by docker compose, where it is installed', () => {
    const words = ['compose', '-f', path.join(FOLDER, 'compose.yaml'), 'config', '--quiet'];
    expect(execFileSync('docker', words, { encoding: 'utf8' })).toBe('');
  });
});

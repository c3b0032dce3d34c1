import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { demoModelBytes } from '../../cli/quickstart/demo-model.ts';
import { encodeGguf, type GgufValue } from '../../cli/quickstart/gguf-file.ts';
import { SlicedWork } from '../sliced-work.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { type LibraryOptions, ModelLibrary } from './library.ts';
import type { ModelPlace } from './model-places.ts';

const DEMO = demoModelBytes();
let home: string;
const libraries: ModelLibrary[] = [];

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'llamactl-library-'));
});

afterEach(async () => {
  for (const library of libraries.splice(0)) library.close();
  await rm(home, { recursive: true, force: true });
});

/** Writes a file below the home. @returns its path */
async function put(file: string, content: Buffer | string = DEMO): Promise<string> {
  const whole = path.join(home, file);
  await mkdir(path.dirname(whole), { recursive: true });
  await writeFile(whole, content);
  return whole;
}

function gguf(metadata: Record<string, GgufValue>): Buffer {
  return encodeGguf(new Map(Object.entries(metadata)), []);
}

const text = (value: string): GgufValue => ({ type: 'string', value });
const place = (source: ModelPlace['source'], layout: ModelPlace['layout'], folder: string): ModelPlace => ({
  source,
  layout,
  folder: path.join(home, folder),
});
const PLAIN = (): ModelPlace[] => [place('folder', 'files', 'models')];

function open(
  places: readonly ModelPlace[],
  clock = new FakeClock({ realUpToMs: 1 }),
  onProblem: (problem: string) => void = () => undefined,
  onScanned: (hasNews: boolean) => void = () => undefined,
  watching: Pick<LibraryOptions, 'watchFolder'> = {},
): ModelLibrary {
  const faults = vi.fn();
  const library = new ModelLibrary({
    clock,
    work: new SlicedWork(clock),
    places,
    indexFile: path.join(home, 'models.index'),
    onFault: faults,
    onProblem,
    onScanned,
    ...watching,
  });
  libraries.push(library);
  return library;
}

/** Lets time pass in steps until the check holds. */
async function eventually(clock: FakeClock, check: () => void): Promise<void> {
  await vi.waitFor(async () => {
    await clock.advance(100);
    check();
  });
}

async function scanned(places: readonly ModelPlace[] = PLAIN()): Promise<ModelLibrary> {
  const library = open(places);
  await library.scan();
  return library;
}

describe('the library', () => {
  it('lists the models of a folder at any depth, by name, with what their headers say', async () => {
    const file = await put('models/maker/Demo-Q4_0.gguf');
    await put('models/b.gguf');
    await put('models/readme.txt', 'no model');
    const library = open(PLAIN());
    expect(library.isScanning).toBe(true);
    await library.scan();
    expect(library.isScanning).toBe(false);
    expect(library.list().map(({ name }) => name)).toEqual(['b', 'Demo-Q4_0']);
    const [, model] = library.list();
    expect(model).toMatchObject({
      ref: null,
      format: 'gguf',
      architecture: 'llama',
      quantization: 'Q4_0',
      size: DEMO.length,
      source: 'folder',
      path: file,
      problems: [],
      files: [{ path: file, size: DEMO.length }],
    });
    expect(model?.id).toMatch(/^[0-9a-f]{16}$/);
    expect(library.find(model?.id ?? '')).toBe(model);
  });

  it('says why a model cannot be loaded', async () => {
    await put('models/cut.gguf', DEMO.subarray(0, 100_000));
    await put('models/page.gguf', '<html>');
    const library = await scanned();
    expect(library.list().map(({ architecture }) => architecture)).toEqual(['llama', null]);
    expect(library.list().map(({ problems }) => problems)).toEqual([
      [expect.stringMatching(/^cut\.gguf is cut off: it has 100 kB/)],
      ['page.gguf is not a GGUF file: it is a web page that was saved instead of the model'],
    ]);
  });

  it('makes one model of its parts, and names those that are missing', async () => {
    await put('models/big-00001-of-00002.gguf');
    await put('models/big-00002-of-00002.gguf');
    await put('models/half-00001-of-00003.gguf');
    const [big, half] = (await scanned()).list();
    expect(big).toMatchObject({ name: 'big', size: 2 * DEMO.length, problems: [] });
    expect(big?.files).toHaveLength(2);
    expect(big?.path).toMatch(/big-00001-of-00002\.gguf$/);
    expect(half?.problems).toEqual([
      '2 of its 3 parts are missing: half-00002-of-00003.gguf, half-00003-of-00003.gguf',
    ]);
  });

  it('gives projectors and adapters to their model, which can see then', async () => {
    const template = { 'general.architecture': text('gemma3'), 'tokenizer.chat_template': text('{{ messages }}') };
    await put('models/gemma-3-4b-it-Q4_K_M.gguf', gguf(template));
    await put('models/other.gguf', gguf(template));
    await put('models/mmproj-gemma-3-4b-f16.gguf', gguf({ 'general.architecture': text('clip') }));
    const [gemma, other] = (await scanned()).list();
    expect(gemma).toMatchObject({ capabilities: ['chat', 'vision'], companions: [{ kind: 'projector' }] });
    expect(other).toMatchObject({ capabilities: ['chat'], companions: [] });
  });

  it.each(['Demo-Q8_0-MTP.gguf', 'mtp-Demo.gguf', 'MTP/Demo-Q8_0.gguf', 'eagle3-Demo.gguf'])(
    'gives the draft %s of a repository to its model',
    async (draft) => {
      const folder = 'hub/models--acme--Demo/snapshots/c1';
      await put(`${folder}/Demo-Q4_0.gguf`);
      const file = await put(`${folder}/${draft}`);
      const models = (await scanned([place('hugging_face', 'hub', 'hub')])).list();
      expect(models).toMatchObject([{ name: 'Demo-Q4_0', companions: [{ kind: 'draft', path: file }] }]);
    },
  );

  it('lists a model that is only named like a draft', async () => {
    for (const name of ['Eagle-7B.Q4_K_M', 'draft-writer-Q4_K_M', 'other-MTP-Q8_0', 'mtp/whole-Q8_0']) {
      await put(`models/${name}.gguf`);
    }
    await put('models/demo-Q8_0.gguf');
    const draft = await put('models/mtp-demo-Q8_0.gguf');
    const models = (await scanned()).list();
    expect(models.map(({ name }) => name)).toEqual([
      'demo-Q8_0',
      'draft-writer-Q4_K_M',
      'Eagle-7B.Q4_K_M',
      'other-MTP-Q8_0',
      'whole-Q8_0',
    ]);
    expect(models.flatMap(({ companions }) => companions.map(({ path: file }) => file))).toEqual([draft]);
  });

  it('reads the cache of Hugging Face, where each file is found once', async () => {
    const repo = 'hub/models--acme--Demo-GGUF';
    const blob = await put(`${repo}/blobs/abc`);
    await put(`${repo}/refs/main`, 'new\n');
    for (const commit of ['old', 'new']) {
      await mkdir(path.join(home, repo, 'snapshots', commit, 'sub'), { recursive: true });
      await symlink(blob, path.join(home, repo, 'snapshots', commit, 'sub', 'Demo-Q4_K_M.gguf'));
    }
    await symlink('/nowhere', path.join(home, repo, 'snapshots', 'new', 'gone.gguf'));
    const models = (await scanned([place('hugging_face', 'hub', 'hub')])).list();
    expect(models).toMatchObject([{ ref: 'acme/Demo-GGUF:Q4_K_M', name: 'Demo-Q4_K_M', source: 'hugging_face' }]);
    expect(models[0]?.path).toContain('/snapshots/new/sub/');
  });

  it.each([
    ['modelscope', 'models--acme--Demo', 'Demo-Q4_0.gguf', 'ms:acme/Demo:Q4_0'],
    ['ollama', 'models--library--qwen3', 'qwen3-8b.gguf', 'ollama:qwen3:8b'],
    ['ollama', 'models--me--qwen3', 'qwen3-8b-q4_K_M-00001-of-00002.gguf', 'ollama:me/qwen3:8b-q4_K_M'],
    ['docker', 'models--ai--demo', 'demo-latest.gguf', 'docker:ai/demo:latest'],
  ] as const)('has the reference of a download from another source: %s, %s', async (origin, repo, file, ref) => {
    await put(`own/${origin}/${repo}/snapshots/c1/${file}`);
    const places: ModelPlace[] = [
      { ...place('folder', 'hub', `own/${origin}`), origin },
      place('folder', 'files', 'own'),
    ];
    expect((await scanned(places)).list().map((model) => model.ref)).toEqual([ref]);
  });

  describe('with the older cache of llama.cpp', () => {
    const places = (): ModelPlace[] => [
      place('hugging_face', 'hub', 'hub'),
      place('llama_cpp', 'hub', 'llama.cpp'),
      place('llama_cpp', 'files', 'llama.cpp'),
    ];
    const FILE = 'llama.cpp/acme_Demo-GGUF_Demo-Q4_0.gguf';

    it('has the reference of a file by the manifest beside it, and its name and id of before', async () => {
      const file = await put(FILE);
      const [before] = (await scanned(places())).list();
      expect(before).toMatchObject({ ref: null, name: 'acme_Demo-GGUF_Demo-Q4_0' });
      await put('llama.cpp/manifest=acme=Demo-GGUF=latest.json', '{}');
      await put('llama.cpp/manifest=acme=Demo=Q8_0.json', '{}');
      const library = await scanned(places());
      expect(library.list()).toEqual([{ ...before, ref: 'acme/Demo-GGUF:Q4_0' }]);
      expect(library.named('acme/demo-gguf:q4_0')?.path).toBe(file);
    });

    it('gives a projector only to the models of its repository', async () => {
      const clip = gguf({ 'general.architecture': text('clip') });
      await put(FILE);
      await put('llama.cpp/acme_Sight-GGUF_Sight-Q4_0.gguf');
      const projector = await put('llama.cpp/acme_Sight-GGUF_mmproj-Sight-f16.gguf', clip);
      for (const repo of ['Demo-GGUF', 'Sight-GGUF']) await put(`llama.cpp/manifest=acme=${repo}=Q4_0.json`, '{}');
      expect((await scanned(places())).list().map(({ companions }) => companions.map((each) => each.path))).toEqual([
        [],
        [projector],
      ]);
    });

    it('leaves the reference to a copy in the cache of the hub', async () => {
      await put(FILE);
      await put('llama.cpp/manifest=acme=Demo-GGUF=Q4_0.json', '{}');
      const file = await put('hub/models--acme--Demo-GGUF/snapshots/c/Demo-Q4_0.gguf');
      const library = await scanned(places());
      expect(library.list().map(({ ref }) => ref)).toEqual([null, 'acme/Demo-GGUF:Q4_0']);
      expect(library.named('acme/Demo-GGUF:Q4_0')?.path).toBe(file);
    });
  });

  it('has the address of a downloaded file, if the download noted it', async () => {
    const address = 'https://example.com/demo.gguf#sha256=' + 'a'.repeat(64);
    const repo = 'own/url/models--example.com--demo-0123';
    await put(`${repo}/snapshots/c1/demo.gguf`);
    const places: ModelPlace[] = [{ ...place('folder', 'hub', 'own/url'), origin: 'url' }];
    expect((await scanned(places)).list()).toMatchObject([{ ref: null }]);
    await put(`${repo}/reference`, address);
    const library = await scanned(places);
    expect(library.list()).toMatchObject([{ ref: address, source: 'folder' }]);
    for (const word of [address, address.replace(/#.*/, '')]) expect(library.named(word)?.ref).toBe(address);
    await put(`${repo}/reference`, 'file:///etc/passwd');
    expect((await scanned(places)).list()).toMatchObject([{ ref: null }]);
  });

  it('reads the manifests of Ollama, whose blobs are models without an ending', async () => {
    const hex = 'a'.repeat(64);
    await put(`ollama/blobs/sha256-${hex}`);
    const layers = [{ mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${hex}`, size: 1 }];
    await put('ollama/manifests/registry.ollama.ai/library/qwen3/8b', JSON.stringify({ layers }));
    expect((await scanned([place('ollama', 'ollama', 'ollama')])).list()).toMatchObject([
      { ref: 'ollama:qwen3:8b', name: 'qwen3:8b', architecture: 'llama', problems: [] },
    ]);
  });

  describe('lists a model of Ollama that cannot be loaded, with the reason:', () => {
    const hex = 'a'.repeat(64);
    const again = (name: string): string => `ollama pull ${name} downloads it again`;
    const layer = (fields: object): object => ({ mediaType: 'application/vnd.ollama.image.model', ...fields });
    const whole = layer({ digest: `sha256:${hex}`, size: DEMO.length });

    it.each<[string, string, unknown, string | Buffer | null]>([
      ['a missing blob', `lacks its file; ${again('bad:1')}`, { layers: [whole] }, null],
      [
        'a cut blob',
        `is cut off: its file has 4 B of 113 kB; ${again('bad:1')}`,
        { layers: [layer({ digest: `sha256:${hex}`, size: 113_000 })] },
        'GGUF',
      ],
      ['a manifest without JSON', `has a damaged manifest; ${again('bad:1')}`, 'no JSON', null],
      ['a manifest without layers', `has a damaged manifest; ${again('bad:1')}`, {}, null],
      [
        'a digest that leads elsewhere',
        "has no GGUF file: its manifest is damaged, or only Ollama's own engine can load it",
        { layers: [layer({ digest: 'sha256:../../x' })] },
        null,
      ],
      [
        'a missing projector',
        `lacks its projector; ${again('bad:1')}`,
        {
          layers: [
            whole,
            layer({ mediaType: 'application/vnd.ollama.image.projector', digest: `sha256:${'b'.repeat(64)}` }),
          ],
        },
        DEMO,
      ],
    ])('%s', async (_what, problem, manifest, blob) => {
      if (blob !== null) await put(`ollama/blobs/sha256-${hex}`, blob);
      await put(
        'ollama/manifests/registry.ollama.ai/library/bad/1',
        typeof manifest === 'string' ? manifest : JSON.stringify(manifest),
      );
      const found = (await scanned([place('ollama', 'ollama', 'ollama')])).list();
      expect(found).toMatchObject([{ ref: 'ollama:bad:1', name: 'bad:1', problems: [`bad:1 ${problem}`] }]);
    });

    it('but no cloud model, which has no file', async () => {
      await put('ollama/manifests/registry.ollama.ai/library/big/120b-cloud', '{"layers":[]}');
      expect((await scanned([place('ollama', 'ollama', 'ollama')])).list()).toEqual([]);
    });

    it('a name that Ollama does not allow', async () => {
      await put(`ollama/blobs/sha256-${hex}`);
      const manifest = JSON.stringify({ layers: [whole] });
      for (const name of ['-x/1', 'a b/1', 'x/\u001b[2J', 'é/1'])
        await put(`ollama/manifests/registry.ollama.ai/library/${name}`, manifest);
      const found = (await scanned([place('ollama', 'ollama', 'ollama')])).list();
      expect(found).toHaveLength(4);
      for (const { problems } of found) expect(problems.join()).toContain('has a name that Ollama does not allow');
    });

    it('but no file that is no manifest', async () => {
      for (const file of ['.DS_Store', 'registry.ollama.ai/library/x/1/2', 'registry.ollama.ai/library/x/.DS_Store'])
        await put(`ollama/manifests/${file}`, '{}');
      expect((await scanned([place('ollama', 'ollama', 'ollama')])).list()).toEqual([]);
    });
  });

  it('gives each name in Ollama its own facts, also if names share a file', async () => {
    const hex = 'a'.repeat(64);
    const blob = await put(`ollama/blobs/sha256-${hex}`);
    const layers = [{ mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${hex}` }];
    for (const name of ['pirate/1b', 'qwen3/1b'])
      await put(`ollama/manifests/registry.ollama.ai/library/${name}`, JSON.stringify({ layers }));
    const library = await scanned([place('ollama', 'ollama', 'ollama')]);
    for (const name of ['pirate:1b', 'qwen3:1b']) {
      expect(library.at(blob, name)?.name).toBe(name);
      expect(library.at(blob, `ollama:${name}`)).toBe(library.at(blob, name));
      expect(library.abilities(blob, name)?.name).toBe(name);
    }
    expect(library.at(blob)).not.toBeNull();
    expect(library.at(blob, 'unknown')).toBe(library.at(blob));
  });

  it('knows the newer file of a name whose file was replaced', async () => {
    const old = 'a'.repeat(64);
    const next = 'b'.repeat(64);
    const manifest = 'ollama/manifests/registry.ollama.ai/library/qwen3/1b';
    const point = (hex: string): Promise<string> =>
      put(
        manifest,
        JSON.stringify({ layers: [{ mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${hex}` }] }),
      );
    const [before, after] = [await put(`ollama/blobs/sha256-${old}`), await put(`ollama/blobs/sha256-${next}`)];
    await point(old);
    const library = await scanned([place('ollama', 'ollama', 'ollama')]);
    expect(library.newerFile('qwen3:1b', before)).toBeNull();
    await point(next);
    await library.scan();
    expect(library.newerFile('qwen3:1b', before)).toBe(after);
    expect(library.newerFile('ollama:qwen3:1b', after)).toBeNull();
    expect(library.newerFile('unknown', before)).toBeNull();
  });

  it('knows no newer file of a name whose new file is missing', async () => {
    const manifest = 'ollama/manifests/registry.ollama.ai/library/qwen3/1b';
    const missing = `sha256:${'b'.repeat(64)}`;
    await put(
      manifest,
      JSON.stringify({ layers: [{ mediaType: 'application/vnd.ollama.image.model', digest: missing }] }),
    );
    const library = await scanned([place('ollama', 'ollama', 'ollama')]);
    expect(library.list()).toMatchObject([{ problems: [expect.stringContaining('lacks its file')] }]);
    expect(library.newerFile('qwen3:1b', `/ollama/blobs/sha256-${'a'.repeat(64)}`)).toBeNull();
  });

  it('does not call a namesake a newer version', async () => {
    const [first, second] = [await put('models/a/m.gguf'), await put('models/b/m.gguf')];
    const library = await scanned();
    expect([library.newerFile('m', first), library.newerFile('m', second)]).toEqual([null, null]);
  });

  it('knows the files with the settings, messages and licenses of each name in Ollama', async () => {
    const digests = ['a', 'b', 'c', 'd', 'e', 'f'].map((digit) => digit.repeat(64));
    const [weights = '', system = '', params = '', messages = '', license = '', terms = ''] = digests;
    await put(`ollama/blobs/sha256-${weights}`);
    const layer = (kind: string, digest: string): object => ({
      mediaType: `application/vnd.ollama.image.${kind}`,
      digest: `sha256:${digest}`,
    });
    const put8b = async (tag: string, layers: object[]): Promise<string> =>
      put(`ollama/manifests/registry.ollama.ai/library/qwen3/${tag}`, JSON.stringify({ layers }));
    await put8b('bare', [layer('model', weights)]);
    await put8b('pirate', [
      layer('model', weights),
      layer('system', system),
      layer('params', params),
      layer('messages', messages),
      layer('license', license),
      layer('license', terms),
    ]);
    const models = (await scanned([place('ollama', 'ollama', 'ollama')])).list();
    const blob = (digest: string): string => path.join(home, `ollama/blobs/sha256-${digest}`);
    expect(models.map(({ name, layers }) => [name, layers])).toEqual([
      ['qwen3:bare', { system: null, params: null, messages: null, licenses: [] }],
      [
        'qwen3:pirate',
        {
          system: blob(system),
          params: blob(params),
          messages: blob(messages),
          licenses: [blob(license), blob(terms)],
        },
      ],
    ]);
  });

  it('has the LoRA adapter of a model of Ollama as a companion', async () => {
    const digestOf = { model: 'a'.repeat(64), adapter: 'c'.repeat(64) };
    const layers: object[] = [];
    for (const [kind, hex] of Object.entries(digestOf)) {
      await put(`ollama/blobs/sha256-${hex}`);
      layers.push({ mediaType: `application/vnd.ollama.image.${kind}`, digest: `sha256:${hex}` });
    }
    // In the oldest format, which has no header that can be read.
    await put(`ollama/blobs/sha256-${digestOf.adapter}`, 'ggla');
    await put('ollama/manifests/registry.ollama.ai/library/tuned/1b', JSON.stringify({ layers }));
    const [model, ...others] = (await scanned([place('ollama', 'ollama', 'ollama')])).list();
    expect(others).toEqual([]);
    const file = path.join(home, `ollama/blobs/sha256-${digestOf.adapter}`);
    expect(model?.companions).toEqual([{ kind: 'adapter', path: file, size: 4 }]);
  });

  it('finds the companions of a file, also in a folder that it does not have', async () => {
    const template = { 'general.architecture': text('gemma3'), 'tokenizer.chat_template': text('{{ messages }}') };
    const clip = gguf({ 'general.architecture': text('clip') });
    const inside = await put('models/gemma-3-4b-it-Q4_K_M.gguf', gguf(template));
    await put('models/mmproj-gemma-3-4b-f16.gguf', clip);
    const outside = await put('elsewhere/gemma-3-4b-it-Q4_K_M.gguf', gguf(template));
    const other = await put('elsewhere/other.gguf', gguf(template));
    const projector = await put('elsewhere/mmproj-gemma-3-4b-f16.gguf', clip);
    const bare = await put('bare/gemma-3-4b-it-Q4_K_M.gguf', gguf(template));
    const library = await scanned();
    expect((await library.withFile(inside))?.companions).toMatchObject([{ kind: 'projector' }]);
    expect((await library.withFile(outside))?.companions).toMatchObject([{ kind: 'projector', path: projector }]);
    expect((await library.withFile(other))?.companions).toEqual([]);
    expect(await library.withFile(bare)).toBe(null);
    expect(await library.withFile(path.join(home, 'nowhere', 'x.gguf'))).toBe(null);
  });

  it('gives a file that several models of Ollama share no adapter of one of them', async () => {
    const [weights, adapter] = ['a'.repeat(64), 'c'.repeat(64)];
    const layer = (kind: string, hex: string): object => ({
      mediaType: `application/vnd.ollama.image.${kind}`,
      digest: `sha256:${hex}`,
    });
    const blob = await put(`ollama/blobs/sha256-${weights}`);
    await put(`ollama/blobs/sha256-${adapter}`, 'ggla');
    const manifest = (tag: string, layers: object[]): Promise<string> =>
      put(`ollama/manifests/registry.ollama.ai/library/tuned/${tag}`, JSON.stringify({ layers }));
    await manifest('1b', [layer('model', weights), layer('adapter', adapter)]);
    const ollama = [place('ollama', 'ollama', 'ollama')];
    expect((await (await scanned(ollama)).withFile(blob))?.companions).toMatchObject([{ kind: 'adapter' }]);
    await manifest('base', [layer('model', weights)]);
    expect((await (await scanned(ollama)).withFile(blob))?.companions).toEqual([]);
  });

  it('lists a blob of Ollama once, if a link in another folder leads to it', async () => {
    const hex = 'b'.repeat(64);
    const blob = await put(`ollama/blobs/sha256-${hex}`);
    const layers = [{ mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${hex}`, size: 1 }];
    for (const tag of ['8b', 'latest'])
      await put(`ollama/manifests/registry.ollama.ai/library/qwen3/${tag}`, JSON.stringify({ layers }));
    const places = [...PLAIN(), place('ollama', 'ollama', 'ollama')];
    expect((await scanned(places)).list().map(({ name }) => name)).toEqual(['qwen3:8b', 'qwen3:latest']);
    await mkdir(path.join(home, 'models'));
    await symlink(blob, path.join(home, 'models', 'qwen3-8b.gguf'));
    expect((await scanned(places)).list().map(({ name }) => name)).toEqual(['qwen3-8b']);
  });

  it('reads folders in safetensors, and those of MLX', async () => {
    await put(
      'models/org/mlx/config.json',
      JSON.stringify({ model_type: 'qwen3', quantization: { bits: 4 }, max_position_embeddings: 4_096 }),
    );
    await put('models/org/mlx/model.safetensors', 'x'.repeat(10));
    expect((await scanned()).list()).toMatchObject([
      { name: 'mlx', format: 'mlx', architecture: 'qwen3', quantization: '4bit', context: 4_096, size: 10 },
    ]);
  });

  it('lists such a folder once, if two places lead to it', async () => {
    await put('hub/models--acme--Demo/snapshots/c/config.json', '{}');
    await put('hub/models--acme--Demo/snapshots/c/model.safetensors', 'x');
    const places = [place('llama_cpp', 'hub', 'hub'), place('llama_cpp', 'files', 'hub')];
    expect((await scanned(places)).list().map(({ ref }) => ref)).toEqual(['acme/Demo:c']);
  });

  it('keeps the id of a model over scans, new content and restarts', async () => {
    const file = await put('models/a.gguf');
    const ids = [(await scanned()).list()[0]?.id];
    await writeFile(file, DEMO.subarray(0, 50_000));
    ids.push((await scanned()).list()[0]?.id);
    expect(new Set(ids).size).toBe(1);
  });

  it('reads no header again after a restart, unless the file has changed', async () => {
    const file = await put('models/a.gguf');
    await scanned();
    const index = path.join(home, 'models.index');
    const lines = await readFile(index, 'utf8');
    await writeFile(index, `${lines.replace('"llama"', '"kept"')}damaged line\n`);
    expect((await scanned()).list()[0]?.architecture).toBe('kept');
    await rename(await put('models/new', Buffer.concat([DEMO, Buffer.alloc(1)])), file);
    expect((await scanned()).list()[0]?.architecture).toBe('llama');
  });

  it('scans again when a folder changes', async () => {
    const clock = new FakeClock({ realUpToMs: 1 });
    await put('models/a.gguf');
    const library = open(PLAIN(), clock);
    library.begin();
    await eventually(clock, () => {
      expect(library.list()).toHaveLength(1);
    });
    await put('models/b.gguf');
    await eventually(clock, () => {
      expect(library.list()).toHaveLength(2);
    });
  });

  it('reports whether a scan found other models than the one before', async () => {
    const news: boolean[] = [];
    await put('models/a.gguf');
    const library = open(PLAIN(), new FakeClock({ realUpToMs: 1 }), undefined, (hasNews) => news.push(hasNews));
    await library.scan();
    await library.scan();
    await put('models/b.gguf');
    await library.scan();
    await library.scan();
    expect(news).toEqual([true, false, true, false]);
  });

  it('finds a folder that is made later', async () => {
    const clock = new FakeClock();
    const library = open(PLAIN(), clock);
    library.begin();
    await eventually(clock, () => {
      expect(library.isScanning).toBe(false);
    });
    await put('models/a.gguf');
    await eventually(clock, () => {
      expect(library.list()).toHaveLength(1);
    });
  });

  it('finds the folder of another program that is made later, step by step', async () => {
    const clock = new FakeClock();
    const library = open([place('lm_studio', 'files', '.lmstudio/models')], clock);
    library.begin();
    await eventually(clock, () => {
      expect(library.isScanning).toBe(false);
    });
    await put('.lmstudio/models/acme/a.gguf');
    await eventually(clock, () => {
      expect(library.list()).toHaveLength(1);
    });
  });

  it('finds models of Ollama and of a hub whose list is made after their files', async () => {
    const clock = new FakeClock();
    const places = [place('ollama', 'ollama', '.ollama/models'), place('hugging_face', 'hub', 'hub')];
    await put('.ollama/models/blobs/sha256-' + '0a'.repeat(32));
    await put('hub/models--acme--Demo/blobs/b1');
    const library = open(places, clock);
    library.begin();
    await eventually(clock, () => {
      expect(library.isScanning).toBe(false);
    });
    expect(library.list()).toEqual([]);
    const layers = [{ mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${'0a'.repeat(32)}` }];
    await put('.ollama/models/manifests/hf.co/acme/Demo-GGUF/Q4_1', JSON.stringify({ layers }));
    await put('hub/models--acme--Demo/snapshots/c1/demo.gguf');
    await eventually(clock, () => {
      expect(library.list().map(({ ref }) => ref)).toEqual([expect.any(String), expect.any(String)]);
    });
    expect(await library.called('hf.co/acme/Demo-GGUF:Q4_1')).toMatchObject([
      { name: 'hf.co/acme/Demo-GGUF:Q4_1', source: 'ollama' },
    ]);
  });

  it('notices that a blob of Ollama comes or goes, although no list of Ollama changes', async () => {
    const clock = new FakeClock();
    const blob = `.ollama/models/blobs/sha256-${'0a'.repeat(32)}`;
    const layers = [{ mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${'0a'.repeat(32)}` }];
    await put(blob);
    await put('.ollama/models/manifests/registry.ollama.ai/library/demo/1b', JSON.stringify({ layers }));
    const library = open([place('ollama', 'ollama', '.ollama/models')], clock);
    library.begin();
    const isListed = (problems: unknown): Promise<void> =>
      eventually(clock, () => {
        expect(library.list()).toMatchObject([{ name: 'demo:1b', problems }]);
      });
    await isListed([]);
    await rm(path.join(home, blob));
    await isListed([expect.stringMatching(/^demo:1b lacks its file/)]);
    await put(blob, demoModelBytes().subarray(0, 100_000));
    await isListed([expect.stringMatching(/^demo:1b is cut off/)]);
  });

  it('waits for its first scan before it says which models a word names', async () => {
    const clock = new FakeClock();
    const file = await put('models/Demo.gguf');
    const library = open(PLAIN(), clock);
    library.begin();
    const found = library.called('demo');
    await clock.advance(500);
    expect(await found).toMatchObject([{ path: file }]);
  });

  it('finds a model by its name or reference, but not by its path', async () => {
    await put('hub/models--acme--Demo/snapshots/c1/Demo-Q4_0.gguf');
    const library = await scanned([place('hugging_face', 'hub', 'hub')]);
    const [model] = library.list();
    for (const word of ['demo-q4_0', 'Acme/Demo:q4_0', 'hf.co/acme/Demo:Q4_0']) expect(library.named(word)).toBe(model);
    for (const word of [model?.path ?? '', model?.id ?? '', 'Demo']) expect(library.named(word)).toBeNull();
  });

  it('looks once more for a model that is younger than its last scan', async () => {
    const clock = new FakeClock();
    const library = open(PLAIN(), clock);
    library.begin();
    const none = library.called('demo');
    await clock.advance(500);
    expect(await none).toEqual([]);
    const file = await put('models/demo.gguf');
    expect(await library.called('demo')).toMatchObject([{ path: file }]);
  });

  it('has the new files after a refresh, which waits for no change in a folder', async () => {
    await mkdir(path.join(home, 'models'));
    const library = open(PLAIN());
    await library.refresh();
    await put('models/new.gguf');
    await library.refresh();
    expect(library.list().map(({ name }) => name)).toEqual(['new']);
    library.close();
    await library.refresh();
  });

  it('scans once for all words that it does not know at one time', async () => {
    const clock = new FakeClock();
    const library = open(PLAIN(), clock);
    library.begin();
    await eventually(clock, () => {
      expect(library.isScanning).toBe(false);
    });
    const scan = vi.spyOn(library, 'scan');
    await Promise.all(['a', 'b', 'c'].map((word) => library.called(word)));
    expect(scan).toHaveBeenCalledTimes(1);
  });

  it('says what a file is, with the same object until the model changes', async () => {
    const file = await put('models/demo-Q8_0.gguf');
    const library = await scanned();
    const info = library.at(file);
    expect(info).toMatchObject({ name: 'demo-Q8_0', size: DEMO.length });
    await put('models/other.gguf');
    await library.scan();
    expect(library.at(file)).toBe(info);
    expect(library.at('/nowhere')).toBeNull();
  });

  it('finds no models by name once it is closed', async () => {
    const library = open(PLAIN());
    library.close();
    expect(await library.called('demo')).toEqual([]);
  });

  it.each([
    ['missing', 'does not exist'],
    ['file', 'is not a folder'],
    ['loop', 'cannot be read: too many symbolic links encountered'],
  ])('says once that a folder of models.dirs is wrong (%s), until it is right', async (name, reason) => {
    await put('file', '');
    await symlink('loop', path.join(home, 'loop'));
    const said: string[] = [];
    const library = open([{ ...place('folder', 'files', name), needed: 'always' }], undefined, (each) =>
      said.push(each),
    );
    await library.scan();
    await library.scan();
    const problem = `models.dirs: ${path.join(home, name)} ${reason}`;
    expect([library.problems, said]).toEqual([[problem], [problem]]);
    await rm(path.join(home, name), { force: true });
    await put(`${name}/a.gguf`);
    await library.scan();
    expect([library.problems, library.list().length]).toEqual([[], 1]);
  });

  it('says that it cannot watch a folder, looks once a minute, and stops saying so', async () => {
    await put('models/a.gguf');
    const clock = new FakeClock({ realUpToMs: 1 });
    let isWatchable = false;
    const watchFolder = (): (() => void) => {
      if (!isWatchable) throw new Error('ENOSPC: System limit for number of file watchers reached');
      return () => undefined;
    };
    const library = open(PLAIN(), clock, undefined, undefined, { watchFolder });
    library.begin();
    await eventually(clock, () => expect(library.list()).toHaveLength(1));
    expect(library.problems).toEqual([expect.stringContaining('new models appear within a minute')]);
    const other = open([place('ollama', 'ollama', 'of-another-user')], clock, undefined, undefined, { watchFolder });
    await other.scan();
    expect(other.problems).toEqual([]);
    await put('models/b.gguf');
    isWatchable = true;
    await clock.advance(60_000);
    await eventually(clock, () => expect([library.list().length, library.problems]).toEqual([2, []]));
  });

  it('says nothing of a missing folder that need not exist, but of a file in its place', async () => {
    const places: ModelPlace[] = [{ ...place('folder', 'files', 'models'), needed: 'if_there' }];
    expect((await scanned(places)).problems).toEqual([]);
    await put('models', '');
    expect((await scanned(places)).problems).toHaveLength(1);
  });

  it('does not need its folders', async () => {
    const library = await scanned([
      ...PLAIN(),
      place('ollama', 'ollama', 'none'),
      place('hugging_face', 'hub', 'none'),
    ]);
    expect(library.list()).toEqual([]);
    expect(library.isScanning).toBe(false);
  });
});

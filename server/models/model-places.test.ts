import { describe, expect, it } from 'vitest';
import { downloadCache, modelPlaces } from './model-places.ts';

const ALL = { hugging_face: true, llama_cpp: true, ollama: true, lm_studio: true };

const HUB = '/home/me/.cache/huggingface/hub';

/** The folders of our downloads that are not of the hub. */
const ORIGINS = ['modelscope', 'ollama', 'docker', 'url'].map((source) => `folder hub /own/${source}`);

function places(environment: Record<string, string> = {}, sources = ALL, cache = HUB): string[] {
  return modelPlaces({
    folders: ['/m'],
    own: '/own',
    cache,
    sources,
    environment,
    home: '/home/me',
    platform: 'linux',
  }).map(({ source, folder, layout }) => `${source} ${layout} ${folder}`);
}

describe('the places with models', () => {
  it('are our folders, and those where other programs look', () => {
    expect(places()).toEqual([
      ...ORIGINS,
      'folder files /m',
      'folder files /own',
      'hugging_face hub /home/me/.cache/huggingface/hub',
      'llama_cpp hub /home/me/.cache/llama.cpp',
      'llama_cpp files /home/me/.cache/llama.cpp',
      'ollama ollama /home/me/.ollama/models',
      'ollama ollama /usr/share/ollama/.ollama/models',
      'lm_studio files /home/me/.lmstudio/models',
      'lm_studio files /home/me/.cache/lm-studio/models',
    ]);
  });

  it.each([
    [{ HF_HUB_CACHE: '/a' }, 'hugging_face hub /a'],
    [{ HF_HOME: '/b' }, 'hugging_face hub /b/hub'],
    [{ XDG_CACHE_HOME: '/c' }, 'hugging_face hub /c/huggingface/hub'],
    [{ LLAMA_CACHE: '/d' }, 'llama_cpp files /d'],
    [{ OLLAMA_MODELS: '/e' }, 'ollama ollama /e'],
  ])('follow the variables of those programs: %j', (environment: Record<string, string>, place) => {
    expect(places(environment)).toContain(place);
  });

  it('must exist if they are named in the configuration, except for the default', () => {
    const own = '/own';
    const folders = ['/m', '/home/me/models'];
    const all = modelPlaces({
      folders,
      own,
      cache: HUB,
      sources: ALL,
      environment: {},
      home: '/home/me',
      platform: 'linux',
    });
    const needed = all.flatMap(({ folder, needed: need }) => (need === undefined ? [] : [[folder, need]]));
    expect(needed).toEqual([
      ['/m', 'always'],
      ['/home/me/models', 'if_there'],
      ['/own', 'if_there'],
    ]);
  });

  it('leave out the sources that are off', () => {
    expect(places({}, { hugging_face: false, llama_cpp: false, ollama: false, lm_studio: false })).toEqual([
      ...ORIGINS,
      'folder files /m',
      'folder files /own',
    ]);
  });

  it('begin with the cache for downloads, if that is another one', () => {
    expect(places({}, ALL, '/m').slice(0, 6)).toEqual(['hugging_face hub /m', ...ORIGINS, 'folder files /m']);
  });
});

describe('the cache for downloads', () => {
  const cache = (options: Partial<Parameters<typeof downloadCache>[0]>): string =>
    downloadCache({
      configured: '',
      own: '/data/models',
      environment: {},
      home: '/home/me',
      isHomeOurs: true,
      ...options,
    });

  it('is that of Hugging Face, so that other programs see the files', () => {
    expect(cache({})).toBe(HUB);
    expect(cache({ environment: { HF_HOME: '/b' } })).toBe('/b/hub');
  });

  it('is our own folder for a user without a home, unless a variable names one', () => {
    expect(cache({ isHomeOurs: false })).toBe('/data/models');
    expect(cache({ isHomeOurs: false, environment: { HF_HUB_CACHE: '/a' } })).toBe('/a');
  });

  it('is the configured one', () => {
    expect(cache({ configured: '/c', environment: { HF_HUB_CACHE: '/a' } })).toBe('/c');
  });
});

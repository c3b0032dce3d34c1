import { describe, expect, it } from 'vitest';
import { modelPlaces } from './model-places.ts';

const ALL = { hugging_face: true, llama_cpp: true, ollama: true, lm_studio: true };

function places(environment: Record<string, string> = {}, sources = ALL): string[] {
  return modelPlaces({ folders: ['/m'], sources, environment, home: '/home/me', platform: 'linux' }).map(
    ({ source, folder, layout }) => `${source} ${layout} ${folder}`,
  );
}

describe('the places with models', () => {
  it('are our folders, and those where other programs look', () => {
    expect(places()).toEqual([
      'folder files /m',
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

  it('leave out the sources that are off', () => {
    expect(places({}, { hugging_face: false, llama_cpp: false, ollama: false, lm_studio: false })).toEqual([
      'folder files /m',
    ]);
  });
});

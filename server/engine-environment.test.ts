import { describe, expect, it } from 'vitest';
import { engineEnvironment } from './engine-environment.ts';

describe('the environment of engines', () => {
  const pathOf = (environment: Record<string, string>, dataDirectory: string): string[] | undefined =>
    engineEnvironment(environment, dataDirectory)['PATH']?.split(':');

  it('finds an installed engine of the data directory, then of the default one, after all programs', () => {
    expect(pathOf({ PATH: '/usr/bin', HOME: '/home/me' }, '/srv/llamactl')).toEqual([
      '/usr/bin',
      '/srv/llamactl/engines/llama_cpp',
      '/home/me/.local/share/llamactl/engines/llama_cpp',
    ]);
  });

  it('has each folder once', () => {
    const usual = '/home/me/.local/share/llamactl';
    expect(pathOf({ PATH: '/usr/bin', HOME: '/home/me' }, usual)).toEqual(['/usr/bin', `${usual}/engines/llama_cpp`]);
  });

  it('counts the GPUs of NVIDIA as its tool does, unless the user chose another order', () => {
    const orderOf = (environment: Record<string, string>): string | undefined =>
      engineEnvironment(environment, '/srv/llamactl')['CUDA_DEVICE_ORDER'];
    expect(orderOf({})).toBe('PCI_BUS_ID');
    expect(orderOf({ CUDA_DEVICE_ORDER: 'FASTEST_FIRST' })).toBe('FASTEST_FIRST');
  });

  it('works without PATH and HOME', () => {
    expect(pathOf({}, '/srv/llamactl')).toEqual(['/srv/llamactl/engines/llama_cpp']);
  });
});

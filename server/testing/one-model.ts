import { modelsCalled, publicNames } from '@llamactl/contract/model-names';
import type { Models } from '../models/library.ts';
import type { LibraryModel } from '../models/model-groups.ts';

/** A model whose file is missing. */
export const ONE_MODEL: LibraryModel = {
  id: '0123456789abcdef',
  ref: null,
  name: 'gone',
  format: 'gguf',
  architecture: null,
  parameters: null,
  quantization: null,
  context: null,
  size: 1,
  capabilities: [],
  source: 'folder',
  path: '/nowhere/gone.gguf',
  modified_at: '2026-01-01T00:00:00.000Z',
  problems: [],
  files: [{ path: '/nowhere/gone.gguf', size: 1 }],
  companions: [],
  layers: null,
};

/** A library with this model alone. */
export const oneModel: Models = {
  list: () => [ONE_MODEL],
  find: (id) => (id === ONE_MODEL.id ? ONE_MODEL : null),
  named: (word) => (publicNames(ONE_MODEL).includes(word) ? ONE_MODEL : null),
  at: () => null,
  abilities: () => null,
  withFile: async () => null,
  newerFile: () => null,
  called: async (word) => modelsCalled(word, [ONE_MODEL]),
  listedPath: async (path) => path,
  isScanning: false,
  problems: [],
};

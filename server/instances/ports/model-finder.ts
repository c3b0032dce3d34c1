import type { ModelInfo } from '@llamactl/contract/instance';
import type { Model } from '@llamactl/contract/model';

/** Finds the models of this machine. */
export interface ModelFinder {
  /** Resolves with all models that people call by this word. Waits for the first scan of the library. */
  called(word: string): Promise<readonly Pick<Model, 'id' | 'path'>[]>;
  /** The model of a file; the same object while the model does not change. `null`: the file is none of the library. */
  at(file: string): ModelInfo | null;
}

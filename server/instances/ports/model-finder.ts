import type { ModelInfo } from '@llamactl/contract/instance';

/** A model that the library has found. */
export interface FoundModel {
  id: string;
  /** `model_path` for an instance. */
  path: string;
}

/** Finds the models of this machine. */
export interface ModelFinder {
  /** Resolves with all models that people call by this word. Waits for the first scan of the library. */
  called(word: string): Promise<readonly FoundModel[]>;
  /** The model of a file; the same object until the next scan. `null`: the file is none of the library. */
  at(file: string): ModelInfo | null;
}

import type { ModelInfo } from '@llamactl/contract/instance';
import type { Model, ModelCompanion } from '@llamactl/contract/model';

/** A model, and the files that belong to it. */
export interface FoundModel extends Pick<Model, 'id' | 'path' | 'source'> {
  companions: readonly ModelCompanion[];
}

/** Finds the models of this machine. */
export interface ModelFinder {
  /** Resolves with all models that this word may mean. Waits for the first scan of the library. */
  called(word: string): Promise<readonly FoundModel[]>;
  /**
   * The model of a file with its companions, also of a file in a folder that the library does not have. If several models
   * have the file, only the companions of all of them. `null`: it has none.
   */
  withFile(file: string): Promise<FoundModel | null>;
  /**
   * The model of a file; the same object while the model does not change. `null`: the library does not have the file.
   *
   * @param called The word by which the settings name the model. Several models of Ollama may share a file.
   */
  at(file: string, called?: string): ModelInfo | null;
  /** Abilities and context of the model of a file; `null`: the library does not have the file. @param called As in {@link at}. */
  abilities(file: string, called?: string): Pick<Model, 'capabilities' | 'context'> | null;
  /**
   * The file that a word for a model means now, if it is another than `file`, and `file` has this name no more. `null`:
   * it means the same file, none, or a damaged model.
   */
  newerFile(called: string, file: string): string | null;
}

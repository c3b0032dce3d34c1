import { EXIT } from './exit-status.ts';
import { nearName } from './instances/near-instance.ts';
import { Problem } from './problem.ts';

/** A name that nothing has. */
export interface MissingName {
  /** The thing that was named, such as `model`. */
  kind: string;
  word: string;
  /** The existing names. */
  names: readonly string[];
  /** The command that lists them, such as `to list models: llamactl models`. */
  list: string;
}

/** The error for a name that nothing has, with the nearest name or the way to list all. */
export async function missingName({ kind, word, names, list }: MissingName): Promise<Problem> {
  const near = await nearName(word, names);
  const hint = near === null ? list : `did you mean ${near}?`;
  return new Problem(`there is no ${kind} ${word}; ${hint}`, EXIT.notFound);
}

import { shellQuoted } from '../../format/shell-words.ts';

/** Characters of a name. */
const LONGEST_NAME = 63;

/** The command that creates an instance. */
interface Creation {
  /** The words before the name: `create`, `cp llama`. */
  verb: string;
  /** The words after it, with a space before them; empty: none. */
  rest: string;
}

/** Hints for a name that the server refused; empty: it refused something else. */
export function waysForName(
  { problems }: { problems: readonly { path: string }[] },
  name: string,
  creation: Creation,
): string[] {
  return problems.length === 1 && problems[0]?.path === 'name' ? otherNames(name, creation) : [];
}

/** Hints for a text that is no valid name of an instance, because it is a model file or the name of a model. */
function otherNames(text: string, creation: Creation): string[] {
  const { verb, rest } = creation;
  const quoted = shellQuoted(text);
  if (/\.gguf$/i.test(text) && verb === 'create')
    return [`to talk to a model file: llamactl run ${quoted}; else: llamactl create NAME --model ${quoted}`];
  const simple = text.replace(/^.*\//, '').replace(/[^A-Za-z0-9._-].*$/, '');
  if (!/[:/]/.test(text) || !/^[A-Za-z0-9]/.test(simple)) return nameLike(text, creation);
  return [`an alias may have it: llamactl ${verb} ${simple} --alias ${quoted}${rest}`];
}

/** A valid name like one that is not. */
function nameLike(text: string, { verb, rest }: Creation): string[] {
  const letters = text.normalize('NFKD').replace(/\p{Mark}/gu, '');
  const valid = letters.replace(/[^A-Za-z0-9._]+/g, '-').replace(/^[^A-Za-z0-9]+|[._-]+$/g, '');
  return valid === '' ? [] : [`a valid name is: llamactl ${verb} ${valid.slice(0, LONGEST_NAME)}${rest}`];
}

import path from 'node:path';

const LONGEST = 63;
/** Names that collide with routes of the API. */
const RESERVED: ReadonlySet<string> = new Set(['start-all', 'stop-all', 'batch']);

/**
 * Derives an instance name from a model file: its name without forbidden characters, plus a number if that name is
 * taken.
 *
 * @param taken Names of instances; case does not count.
 */
export function instanceName(file: string, taken: Iterable<string>): string {
  const used = new Set([...taken].map((name) => name.toLowerCase()).concat(...RESERVED));
  const stem = path
    .basename(file)
    .replace(/\.gguf$/i, '')
    // The first part of a split model stands for the model.
    .replace(/-\d{5}-of-\d{5}$/, '')
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .replace(/[-.]+$/, '');
  const base = stem === '' ? 'model' : stem;
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : `-${number}`;
    const name = base.slice(0, LONGEST - suffix.length) + suffix;
    if (!used.has(name.toLowerCase())) return name;
  }
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';

const LINK = /\[(?:[^\]\\]|\\.)*\]\((?<target>[^)\s]+)\)/g;
const BLOCK = /^ *```[^]*?^ *```$/gm;
const CODE = /`[^`\n]*`/g;

/**
 * The links of a page that lead nowhere: to a file that is not there, or to a heading that it has not.
 *
 * @param file From the root of the project.
 */
export async function brokenLinks(root: string, file: string): Promise<string[]> {
  const text = await readFile(path.join(root, file), 'utf8');
  const targets = [...text.replaceAll(BLOCK, '').replaceAll(CODE, '').matchAll(LINK)].map(
    ({ groups }) => groups?.['target'] ?? '',
  );
  const judged = await Promise.all(
    targets
      .filter((target) => !/^[a-z]+:/.test(target))
      .map(async (target) => ((await leadsSomewhere(root, file, target)) ? [] : [`${file}: ${target}`])),
  );
  return judged.flat();
}

async function leadsSomewhere(root: string, file: string, target: string): Promise<boolean> {
  const [name = '', anchor] = target.split('#');
  const place = name === '' ? path.join(root, file) : path.join(root, path.dirname(file), name);
  const text = await readFile(place, 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'EISDIR' ? '' : null,
  );
  if (text === null) return false;
  return anchor === undefined || anchorsOf(text).includes(anchor);
}

/** As GitHub makes them of headings: lower case, words with dashes, one that comes again with a number. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...text.replaceAll(BLOCK, '').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const words = heading
      .replaceAll(/[`*]|\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .trim();
    const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

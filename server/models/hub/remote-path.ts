/** Longest name of a file or folder, in bytes of UTF-8. */
const LONGEST_PART = 255;
const GGUF = /^(.+?)(?:-\d{5}-of-\d{5})?\.gguf$/i;

/**
 * Whether a path of another machine may become a path below a folder of ours: relative, with `/` between its parts, no part
 * that is empty, `.`, `..` or longer than 255 bytes, and no backslash, control character or half of a surrogate pair.
 */
export function isPlainPath(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\\\u0000-\u001f\u007f]/.test(path) || !path.isWellFormed()) return false;
  return path
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= LONGEST_PART);
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The name of a GGUF file without its ending and without the number of a part; `null`: another file. */
export function ggufStem(file: string): string | null {
  return GGUF.exec(file)?.[1] ?? null;
}

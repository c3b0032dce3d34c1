import path from 'node:path';

/** The dynamic loader of glibc and of musl, cut off as the kernel cuts names of processes. */
const LOADER = /^ld-(linux|musl)/;
/** Of the loader; each has a word of its own behind it. */
const WITH_VALUE: ReadonlySet<string> = new Set([
  '--library-path',
  '--preload',
  '--audit',
  '--argv0',
  '--inhibit-rpath',
  '--glibc-hwcaps-prepend',
  '--glibc-hwcaps-mask',
]);

/** The program that a loader was called to run, as a portable engine is; `null`: it is no loader. */
export function loadedProgram(name: string, [, ...argv]: readonly string[]): string | null {
  if (!LOADER.test(name)) return null;
  const program = argv.find(
    (word, index) => word !== '' && !word.startsWith('--') && !WITH_VALUE.has(argv[index - 1] ?? ''),
  );
  return program === undefined ? null : path.basename(program);
}

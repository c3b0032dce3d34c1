import path from 'node:path';

/** The dynamic loader of glibc and musl, with its name cut as the kernel cuts process names. */
const LOADER = /^ld-(linux|musl)/;
/** Options of the loader that take a value. */
const WITH_VALUE: ReadonlySet<string> = new Set([
  '--library-path',
  '--preload',
  '--audit',
  '--argv0',
  '--inhibit-rpath',
  '--glibc-hwcaps-prepend',
  '--glibc-hwcaps-mask',
]);

/** Returns the program that a dynamic loader runs, as for a portable engine; `null`: the process is not a loader. */
export function loadedProgram(name: string, [, ...argv]: readonly string[]): string | null {
  if (!LOADER.test(name)) return null;
  const program = argv.find(
    (word, index) => word !== '' && !word.startsWith('--') && !WITH_VALUE.has(argv[index - 1] ?? ''),
  );
  return program === undefined ? null : path.basename(program);
}

/** The name of the file at the end of a path, also of a path of Windows. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

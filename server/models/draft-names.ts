/** The methods by which a small model guesses ahead for a large one. */
const METHOD = '(?:mtp|eagle3|dflash|dspark)';
const IN_NAME = new RegExp(`(?:^|[-_.])${METHOD}(?:[-_.]|$)`, 'i');
const FOLDER = new RegExp(`^${METHOD}$`, 'i');

/**
 * Whether the path of a GGUF file has the name of a draft: `mtp-m-Q8_0.gguf`, `m-Q8_0-MTP.gguf`, `MTP/m.gguf`. A complete model may
 * also have such a name, so a file without another model beside it is no draft.
 */
export function isDraftName(path: string): boolean {
  const [name = '', ...folders] = path
    .replace(/\.gguf$/i, '')
    .split(/[/\\]/)
    .toReversed();
  return IN_NAME.test(name) || folders.some(isDraftFolder);
}

/** Whether a folder has this name because only drafts are in it. */
export function isDraftFolder(name: string): boolean {
  return FOLDER.test(name);
}

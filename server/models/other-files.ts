/** How many bytes of a file {@link kindOfOtherFile} needs. */
export const HEAD_BYTES = 64;

/** Files that people have instead of a model. Text is recognised by its start, in lower case. */
const MISTAKES: readonly (readonly [RegExp, string])[] = [
  [/^version https:\/\/git-lfs/, 'it is a Git LFS pointer, not the model itself (run git lfs pull)'],
  [/^\s*<(?:!doctype|html|\?xml)/, 'it is a web page that was saved instead of the model'],
  [/^[^]{8}\{"/, 'it is a safetensors file; convert it with convert_hf_to_gguf.py of llama.cpp'],
  [/^pk\W\W/, 'it is a ZIP archive or a PyTorch model'],
  [/^$/, 'it is empty'],
];

/** The end of a sentence about a file that is not GGUF: its kind, by its first {@link HEAD_BYTES}; empty: unknown. */
export function kindOfOtherFile(head: Buffer): string {
  const text = head.toString('latin1').toLowerCase();
  const kind = MISTAKES.find(([pattern]) => pattern.test(text))?.[1];
  return kind === undefined ? '' : `: ${kind}`;
}

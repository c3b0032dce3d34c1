/** The longest name of an instance. */
const LONGEST = 63;
/** Endings of files and marks of quants and parts, which say nothing to people. */
const ENDINGS = /(?:[-._](?:gguf|instruct|it|chat|i?q\d\w*|bf16|f16|f32|ud|\d{5}-of-\d{5}))+$/i;

/**
 * Makes a name for an instance of a model: `qwen3-8b` of `Qwen3-8B-Instruct-Q4_K_M.gguf`.
 *
 * @param taken Names of other instances; they ignore case.
 */
export function instanceName(model: string, taken: readonly string[]): string {
  const last = model.split('/').at(-1)?.split(':')[0] ?? '';
  const plain = last
    .replace(/\.(?:gguf|safetensors)$/i, '')
    .replace(ENDINGS, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, LONGEST - 4);
  const name = plain === '' ? 'model' : plain;
  const used = new Set(taken.map((each) => each.toLowerCase()));
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? name : `${name}-${count}`;
    if (!used.has(candidate)) return candidate;
  }
}

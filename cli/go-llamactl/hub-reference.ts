/** The quant in the name of a model file: `Q4_K_M` of `Qwen3-4B-Q4_K_M-00001-of-00002.gguf`. */
const QUANT = /[-._]((?:UD-)?(?:I?Q\d\w*|BF16|F16|F32|MXFP4\w*))(?:-\d{5}-of-\d{5})?\.gguf$/i;

/**
 * The reference by which llamactl knows a model of Hugging Face's hub: `org/repo:Q4_K_M`.
 *
 * @param repository `org/repo`, with or without a quant.
 * @param file The name of the file in the repository; empty: unknown.
 */
export function hubReference(repository: string, file: string): string {
  const [, quant] = QUANT.exec(file) ?? [];
  return repository.includes(':') || quant === undefined ? repository : `${repository}:${quant}`;
}

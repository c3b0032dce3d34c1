/**
 * Out of memory at run time, as the backends of ggml print it. A CUDA program prints the statement and its place in the next
 * lines, then aborts with `ggml-cuda.cu:96: CUDA error`, which does not name the cause.
 */
const FATAL =
  /\b(?:CUDA|ROCm|HIP|MUSA) error: (?:out of memory|the resource allocation failed|CUBLAS_STATUS_ALLOC_FAILED)/;

/** Messages after which an engine may go on: it refuses the request, or uses other memory. */
const PASSING: readonly RegExp[] = [
  /\bInsufficient Memory \(\w+:kIOGPUCommandBufferCallbackErrorOutOfMemory\)/,
  /\bvk::\w+::\w+: ErrorOutOf(?:Device|Host)Memory/,
  /\bggml_vulkan: Device memory allocation of size \d+ failed/,
];

/** Last lines in which such a message is about the end of the engine. A stack trace has dozens of lines. */
const NEAR_THE_END = 100;

/**
 * The message of a compute backend that got no memory of its device, without prefix; `null`: the output has none.
 *
 * @param output oldest line first
 */
export function deviceMemoryFailure(output: readonly string[]): string | null {
  const fatal = output.map((line) => FATAL.exec(line)?.[0]).findLast((text) => text !== undefined);
  if (fatal !== undefined) return fatal;
  const last = output.slice(-NEAR_THE_END);
  for (const pattern of PASSING) {
    const text = last.map((line) => pattern.exec(line)?.[0]).findLast((found) => found !== undefined);
    if (text !== undefined) return text;
  }
  return null;
}

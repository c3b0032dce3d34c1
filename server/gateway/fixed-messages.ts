/**
 * Messages of engines that quote nothing of a request: fixed words, and numbers. Each covers a whole message, so that no
 * message with more in it passes.
 */
const MESSAGES: readonly RegExp[] = [
  // llama-server
  /request \(\d+ tokens\) exceeds the available context size \(\d+ tokens\), try increasing it/,
  /the request exceeds the available context size[.,] try increasing (?:it|the context size or enable context shift)/,
  /Context size has been exceeded\./,
  /input \(\d+ tokens\) is too large to process\. increase the physical batch size \(current batch size: \d+\)/,
  /input \(\d+ tokens\) is larger than the max context size \(\d+ tokens\)\. skipping/,
  /(?:image|audio|video) input is not supported - hint: if this is unexpected, you may need to provide the mmproj/,
  /Multimodal data provided, but model does not support multimodal requests\./,
  /The current model does not support audio input\./,
  /This server does not support (?:embeddings|reranking|metrics endpoint|slots endpoint|slots action|changing global properties)\. Start it with `--[a-z-]+`/,
  /(?:tools|tool_choice) param requires --jinja flag/,
  /logprobs is not supported with tools \+ stream/,
  /top_logprobs requires logprobs to be set to true/,
  /["'](?:prompt|messages|input|query|documents|content|input_prefix|input_suffix)["'] (?:is required|must be provided|must not be empty|must be a string|must be an array|must be a non-empty string array)/,
  /"input" or "content" must be provided/,
  /All non-assistant messages must contain 'content'/,
  /Assistant message must contain either 'content' or 'tool_calls'!/,
  // vLLM
  /This model's maximum context length is \d+ tokens\. However, you requested \d+ tokens \(\d+ in the messages, \d+ in the completion\)\. Please reduce the length of the messages or completion\./,
  /This model's maximum context length is \d+ tokens\. However, your (?:request has|messages resulted in) \d+ (?:input )?tokens\. Please reduce the length of the (?:input )?messages\./,
  /This model's maximum context length is \d+ tokens\. However, you requested \d+ output tokens and your prompt contains at least \d+ input tokens, for a total of at least \d+ tokens\. Please reduce the length of the input prompt or the number of requested output tokens\./,
];

const WHOLE = new RegExp(`^(?:${MESSAGES.map(({ source }) => source).join('|')})$`);

/** Whether an engine's message can be kept, because it quotes nothing of the request. */
export function isFixedMessage(message: string): boolean {
  return WHOLE.test(message);
}

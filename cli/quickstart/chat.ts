import { z } from 'zod';

/** The part of a streamed chunk that is shown. `timings` is llama-server's own, in its last chunk. */
const ChunkSchema = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })).default([]),
  timings: z.object({ predicted_per_second: z.number() }).optional(),
});

/**
 * Asks one question through `/v1` and passes the answer on as it comes.
 *
 * @throws {Error} with the server's own sentence when it refuses, or when the answer ends before it is whole
 */
export async function chat(
  url: string,
  model: string,
  question: string,
  onText: (text: string) => void,
): Promise<{ tokensPerSecond: number | null }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      stream: true,
      temperature: 0,
      max_tokens: 64,
      messages: [{ role: 'user', content: question }],
    }),
  });
  if (!response.ok || response.body === null) throw new Error(`the model did not answer: ${await response.text()}`);
  let tokensPerSecond: number | null = null;
  for await (const data of serverSentData(response.body)) {
    if (data === '[DONE]') return { tokensPerSecond };
    const chunk = ChunkSchema.parse(JSON.parse(data));
    for (const { delta } of chunk.choices) if (delta.content) onText(delta.content);
    tokensPerSecond = chunk.timings?.predicted_per_second ?? tokensPerSecond;
  }
  throw new Error('the answer ended before it was whole; the instance’s last_exit says why');
}

/** The `data:` fields of a server-sent event stream, one a line, as all engines send them. */
async function* serverSentData(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: ')) yield line.slice('data: '.length);
  }
}

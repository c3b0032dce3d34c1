import { once } from 'node:events';
import { connect } from 'node:net';

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /;

/**
 * Asks for a streamed completion on a connection of its own and reads it to its end. Resolves with the milliseconds from the
 * first step of connecting to the first byte of the answer.
 *
 * @throws {Error} when the answer is not 200, or does not come to its end
 */
export async function untilFirstByte(port: number, model: string): Promise<number> {
  const content = JSON.stringify({ model, prompt: 'Hello', max_tokens: 2, stream: true });
  const head = ['POST /v1/completions HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: application/json'];
  const framing = [`Content-Length: ${Buffer.byteLength(content)}`, 'Connection: close', '', content];
  const start = performance.now();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let firstAt: number | null = null;
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    firstAt ??= performance.now();
    answer += chunk.toString('latin1');
  });
  socket.write([...head, ...framing].join('\r\n'));
  await once(socket, 'close');
  const status = STATUS_LINE.exec(answer)?.[1];
  if (firstAt === null || status !== '200') throw new Error(`no answer of the engine: ${answer}`);
  if (!answer.includes('data: [DONE]')) throw new Error(`an answer without its end: ${answer}`);
  return firstAt - start;
}

import type { Exchange } from './exchange.ts';

/** What came of a request, as far as its own bytes tell. */
export type Verdict =
  /** The right answer, complete. */
  | { kind: 'answered' }
  /** An error in OpenAI's shape. `status` is `null` where it came within a stream that had begun. */
  | { kind: 'refused'; status: number | null; code: string; message: string }
  /** The connection broke before the end of an answer. */
  | { kind: 'cut' }
  | { kind: 'left' }
  /** What may never be. */
  | { kind: 'fault'; what: string };

/** What every error of `/v1` holds, and no other. */
interface OpenAiError {
  message: string;
  type: string;
  code: string;
  param: null;
}

type AnyExchange = Exchange<string, string>;

/** @param sentence What the engine says. */
export function judge(exchange: AnyExchange, sentence: string): Verdict {
  const { end, status, source, body, failure } = exchange;
  if (end === 'left') return { kind: 'left' };
  if (end === 'hung') return fault('was never answered');
  if (end === 'broken') return { kind: 'cut' };
  try {
    if (status !== 200) return refusal(status, source, JSON.parse(body));
    return exchange.isStream ? streamed(exchange, sentence) : plain(exchange, sentence);
  } catch (error) {
    return fault(`no JSON: ${String(error)} in ${body.slice(0, 300)} (${failure})`);
  }
}

function plain({ source, body }: AnyExchange, sentence: string): Verdict {
  const { choices } = JSON.parse(body) as { choices?: { message: { content: string } }[] };
  const content = choices?.[0]?.message.content;
  if (source !== 'engine') return fault(`an answer of ${source}`);
  return content === sentence ? { kind: 'answered' } : fault(`another answer: ${body.slice(0, 300)}`);
}

interface Piece {
  error?: unknown;
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
}

/** A stream that ends without its last word was cut, and looks whole: the worst that can be. */
function streamed({ body, isLong }: AnyExchange, sentence: string): Verdict {
  const events = body.split('\n\n').filter((event) => event !== '' && !event.startsWith(':'));
  const data = events.map((event) => event.replace(/^data: /, ''));
  const last = data.at(-1) ?? '';
  if (last !== '[DONE]') {
    const piece = last === '' ? {} : (JSON.parse(last) as Piece);
    if (piece.error !== undefined && data.length === 1) return refusal(null, 'llamactl', piece);
    return fault(`a clean end in the middle: …${body.slice(-300)}`);
  }
  const pieces = data.slice(0, -1).map((text) => JSON.parse(text) as Piece);
  const content = pieces.map(({ choices }) => choices?.[0]?.delta?.content ?? '').join('');
  const finish = pieces.findLast(({ choices }) => choices?.[0]?.finish_reason)?.choices?.[0]?.finish_reason;
  const isRight = isLong ? content.startsWith(sentence) && finish === 'length' : content === sentence;
  return isRight ? { kind: 'answered' } : fault(`another answer: ${content.slice(0, 300)} (${finish})`);
}

function refusal(status: number | null, source: string, body: unknown): Verdict {
  const { error } = body as { error?: Partial<OpenAiError> };
  const { message, type, code, param } = error ?? {};
  const isRight = typeof message === 'string' && typeof type === 'string' && typeof code === 'string' && param === null;
  if (isRight && source === 'llamactl') return { kind: 'refused', status, code, message };
  return fault(`no error of ours: ${status} of ${source}: ${JSON.stringify(body).slice(0, 300)}`);
}

function fault(what: string): Verdict {
  return { kind: 'fault', what };
}

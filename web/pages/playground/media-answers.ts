import { isRecord } from '../../lib/record.ts';
import { UnreadableAnswer } from '../../lib/unreadable-answer.ts';

/** Reads the answers of engines to sound and to prompts for pictures. */

/** A picture of an engine. */
export interface Picture {
  /** An address with the data, for `<img>`. */
  address: string;
  /** Ending of its file: `png`. */
  ending: 'png' | 'jpg' | 'webp';
}

/** Returns the text of an answer of `/v1/audio/transcriptions`. @throws {UnreadableAnswer} The answer has another form. */
export function transcriptOf(body: unknown): string {
  const text = isRecord(body) ? body['text'] : undefined;
  if (typeof text !== 'string') throw new UnreadableAnswer('text');
  return text.trim();
}

/** Returns the pictures of an answer of `/v1/images/generations`. @throws {UnreadableAnswer} The answer has another form. */
export function picturesOf(body: unknown): Picture[] {
  const list = isRecord(body) ? body['data'] : undefined;
  if (!Array.isArray(list) || list.length === 0) throw new UnreadableAnswer('data');
  return list.map((item: unknown) => {
    const data = isRecord(item) ? item['b64_json'] : undefined;
    if (typeof data !== 'string' || !/^[\w+/\s]+=*\s*$/.test(data)) {
      throw new UnreadableAnswer('b64_json');
    }
    const ending = data.startsWith('/9j/') ? 'jpg' : data.startsWith('UklGR') ? 'webp' : 'png';
    return { address: `data:image/${ending === 'jpg' ? 'jpeg' : ending};base64,${data.replaceAll(/\s/g, '')}`, ending };
  });
}

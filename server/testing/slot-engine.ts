import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { EngineTarget } from '../instances/ports/engine-endpoint.ts';
import type { EngineText, ReadText } from '../engines/endpoint.ts';

/** Where the engine answers, for a run of it. */
export const SLOT_TARGET: EngineTarget = { port: 1, healthPath: '/health', key: 'k' };

/**
 * The slots of a llama-server, without a process. It writes the tokens of a slot into the file, one byte for each. Like the
 * real engine, it notices a missing file, but no changed bit.
 */
export class SlotEngine {
  readonly folder: string;
  build = 'b1';
  /** Tokens of each slot; 0: unused. */
  slots: number[] = [0];
  /** Every save and restore, oldest first: `save 0`. */
  readonly calls: string[] = [];
  /** While set, saves and restores get no answer in time. */
  isHung = false;
  /** Bytes that are missing at the end of each written file. */
  missing = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  readonly read: ReadText = async (_target, url, _limits, body): Promise<EngineText | null> => {
    if (url === '/slots') return json(this.slots.map((tokens, id) => ({ id, n_prompt_tokens: tokens })));
    if (url === '/props') return json({ build_info: this.build });
    const [, slot = '', action = ''] = /^\/slots\/(\d+)\?action=(save|restore)$/.exec(url) ?? [];
    const id = Number(slot);
    this.calls.push(`${action} ${id}`);
    if (this.isHung || body === undefined || !('filename' in body)) return null;
    const file = path.join(this.folder, String(body.filename));
    if (action === 'save') {
      const tokens = this.slots[id] ?? 0;
      await writeFile(file, Buffer.alloc(tokens - this.missing, id));
      return json({ n_saved: tokens, n_written: tokens });
    }
    try {
      const { length } = await readFile(file);
      this.slots[id] = length;
      return json({ n_restored: length, n_read: length });
    } catch {
      return { status: 400, text: JSON.stringify({ error: { message: 'Unable to restore slot' } }) };
    }
  };
}

function json(value: unknown): EngineText {
  return { status: 200, text: JSON.stringify(value) };
}

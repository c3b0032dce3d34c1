import { createReadStream } from 'node:fs';
import type { MeasureSendQueues } from './gateway/ports.ts';

/** Linux only. Each row is a connection; `tx_queue` is what the peer has not acknowledged. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** Number, address and port here, address and port there, state, `tx_queue`. All hexadecimal but the first. */
const ROW = /^ *\d+: [\dA-F]+:([\dA-F]{4}) [\dA-F]+:([\dA-F]{4}) [\dA-F]{2} ([\dA-F]{8}):/;

/** Read at once, some 430 rows: the tables of a busy machine have 60 000, which together take 50 ms. */
const BYTES_AT_ONCE = 65_536;

/**
 * Measures how many bytes of each connection the peer has not taken yet, as the system tells. The kernel takes 7–50 ms for
 * the tables of a large machine, on a thread of their own; so this is for rare use.
 */
export const measureSendQueues: MeasureSendQueues = (connections, found) => {
  const bytes = new Map<string, number>();
  if (connections.size === 0) return found(bytes);
  let left = TABLES.length;
  for (const table of TABLES) {
    readRows(
      table,
      (row) => addRow(bytes, row, connections),
      () => {
        left -= 1;
        if (left === 0) found(bytes);
      },
    );
  }
};

function readRows(table: string, onRow: (row: string) => void, onOver: () => void): void {
  let rest = '';
  const stream = createReadStream(table, { encoding: 'latin1', highWaterMark: BYTES_AT_ONCE });
  stream.on('data', (text) => {
    const rows = (rest + String(text)).split('\n');
    rest = rows.pop() ?? '';
    for (const row of rows) onRow(row);
  });
  // No table: another system, or IPv6 is switched off. Then nothing is found.
  stream.on('error', () => undefined);
  stream.once('close', onOver);
}

/** Two peers may share a port on different machines. Their bytes are added up, so that a change of either shows. */
function addRow(bytes: Map<string, number>, row: string, connections: ReadonlySet<string>): void {
  const [, local = '', remote = '', queue = ''] = ROW.exec(row) ?? [];
  const key = `${Number.parseInt(local, 16)}:${Number.parseInt(remote, 16)}`;
  if (connections.has(key)) bytes.set(key, (bytes.get(key) ?? 0) + Number.parseInt(queue, 16));
}

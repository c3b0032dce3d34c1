import { createReadStream } from 'node:fs';
import type { MeasureSendQueues } from './gateway/gateway-ports.ts';

/** Tables of connections, Linux only. `tx_queue` of a row is the number of bytes that the peer has not acknowledged. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** A row: number, local address and port, remote address and port, state, `tx_queue`. All but the number are hexadecimal. */
const ROW = /^ *\d+: [\dA-F]+:([\dA-F]{4}) [\dA-F]+:([\dA-F]{4}) [\dA-F]{2} ([\dA-F]{8}):/;

/** Size of one read, about 430 rows: the tables of a busy machine have 60 000 rows, which take 50 ms in total. */
const BYTES_AT_ONCE = 65_536;

/**
 * Measures how many bytes of each connection the peer has not acknowledged yet. Use it rarely: the kernel needs 7–50 ms for the
 * tables of a large machine, on another thread.
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
  // Find nothing if the table is missing: not Linux, or IPv6 is switched off.
  stream.on('error', () => undefined);
  stream.once('close', onOver);
}

/**
 * Adds a row's bytes. Peers on different machines may use the same port: their bytes are summed, so a change of either
 * shows.
 */
function addRow(bytes: Map<string, number>, row: string, connections: ReadonlySet<string>): void {
  const [, local = '', remote = '', queue = ''] = ROW.exec(row) ?? [];
  const key = `${Number.parseInt(local, 16)}:${Number.parseInt(remote, 16)}`;
  if (connections.has(key)) bytes.set(key, (bytes.get(key) ?? 0) + Number.parseInt(queue, 16));
}

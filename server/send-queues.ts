import { readFile } from 'node:fs';
import type { MeasureSendQueues } from './gateway/ports.ts';

/** Linux only. Each row is a connection; `tx_queue` is what the peer has not acknowledged. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** Number, address and port here, address and port there, state, `tx_queue`. All hexadecimal but the first. */
const ROW = /^ *\d+: [\dA-F]+:([\dA-F]{4}) [\dA-F]+:([\dA-F]{4}) [\dA-F]{2} ([\dA-F]{8}):/;

/**
 * Measures how many bytes of each connection the peer has not taken yet, as the system tells. Reading the tables takes
 * the kernel 7–50 ms on a large machine, on a thread of their own; so this is for rare use.
 */
export const measureSendQueues: MeasureSendQueues = (connections, found) => {
  const bytes = new Map<string, number>();
  let left = TABLES.length;
  for (const table of TABLES) {
    readFile(table, 'latin1', (error, text) => {
      // No table: another system, or IPv6 is switched off. Then nothing is found.
      if (error === null) addRows(bytes, text, connections);
      left -= 1;
      if (left === 0) found(bytes);
    });
  }
};

/** Two peers may share a port on different machines. Their bytes are added up, so that a change of either shows. */
function addRows(bytes: Map<string, number>, text: string, connections: ReadonlySet<string>): void {
  for (const line of text.split('\n')) {
    const [, local = '', remote = '', queue = ''] = ROW.exec(line) ?? [];
    const key = `${Number.parseInt(local, 16)}:${Number.parseInt(remote, 16)}`;
    if (connections.has(key)) bytes.set(key, (bytes.get(key) ?? 0) + Number.parseInt(queue, 16));
  }
}

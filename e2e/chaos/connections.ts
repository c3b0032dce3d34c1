import { readFileSync } from 'node:fs';

/** An established connection within this machine, as one of its two ends has it. */
export interface Connection {
  localPort: number;
  remotePort: number;
}

const ESTABLISHED = '01';

/** All of them, of IPv4. */
export function connections(): Connection[] {
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  return rows.flatMap((row) => {
    const [, local = '', remote = '', state] = row.trim().split(/\s+/);
    if (state !== ESTABLISHED) return [];
    return [{ localPort: portOf(local), remotePort: portOf(remote) }];
  });
}

const portOf = (address: string): number => Number.parseInt(address.split(':')[1] ?? '', 16);

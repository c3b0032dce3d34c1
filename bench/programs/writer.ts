import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { setImmediate } from 'node:timers/promises';

/**
 * An engine that only writes: numbered lines of 100 bytes in the form of llama-server, one write each, as engines do.
 * `GET /pace?lines=100000`: from now on so many a second. `GET /write?lines=1000000`: so many as fast as it can, answered
 * when they are written. `GET /written`: how many so far.
 *
 *     node writer.ts PORT
 */

const STDERR = 2;
const DIGITS = 10;
const ZERO = 48;
const TICK_MS = 5;
const SLICE_MS = 10;

const CLOCK = '0.00.000.000';
const START = `${CLOCK} I slot print_timing: line `;
const line = Buffer.from(`${START}${'0'.repeat(DIGITS)} of a log that is written to be read `.padEnd(99, 'x') + '\n');

let written = 0;
let pace = 0;
let paced = { since: 0, lines: 0 };

function setClock(): void {
  const micros = Math.floor(performance.now() * 1_000);
  const part = (value: number, digits: number): string => String(Math.floor(value)).padStart(digits, '0');
  const minutes = part((micros / 60_000_000) % 10, 1);
  const seconds = part((micros / 1_000_000) % 60, 2);
  line.write(`${minutes}.${seconds}.${part((micros / 1_000) % 1_000, 3)}.${part(micros % 1_000, 3)}`, 'latin1');
}

function writeLine(): void {
  written += 1;
  for (let number = written, at = START.length + DIGITS - 1; at >= START.length; at -= 1) {
    line[at] = ZERO + (number % 10);
    number = Math.floor(number / 10);
  }
  writeSync(STDERR, line);
}

setInterval(() => {
  const due = Math.floor(((performance.now() - paced.since) * pace) / 1_000) - paced.lines;
  setClock();
  for (let count = 0; count < due; count += 1) writeLine();
  paced.lines += due;
}, TICK_MS);

/** In slices, so that health checks are answered meanwhile. */
async function writeAtOnce(lines: number): Promise<void> {
  const last = written + lines;
  while (written < last) {
    const end = performance.now() + SLICE_MS;
    setClock();
    while (written < last && performance.now() < end) writeLine();
    await setImmediate();
  }
}

createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const lines = Number(searchParams.get('lines'));
  const answer = (): void => {
    const body = JSON.stringify({ written });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  };
  if (pathname === '/pace') {
    pace = lines;
    paced = { since: performance.now(), lines: 0 };
  }
  if (pathname === '/write') void writeAtOnce(lines).then(answer);
  else answer();
}).listen(Number(process.argv[2]), '127.0.0.1');

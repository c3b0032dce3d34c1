/**
 * An engine of one thread, which answers nothing while it works, as some do. `node blocking-engine.ts PORT`
 *
 *   GET /health            200
 *   GET /work?seconds=N    works for N seconds, about a twentieth of a core, then answers
 *   GET /deadlock          begins an answer, then hangs without end
 */
import { createServer } from 'node:http';

const NEVER = 2 ** 31 - 1;

/** Stops this thread. */
function halt(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function work(seconds: number): void {
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    const rest = performance.now() + 5;
    while (performance.now() < rest);
    halt(95);
  }
}

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://engine');
  if (url.pathname === '/work') work(Number(url.searchParams.get('seconds')));
  if (url.pathname !== '/deadlock') {
    response.end('done');
    return;
  }
  response.write('data: begun\n\n', () => halt(NEVER));
}).listen(Number(process.argv[2]), '127.0.0.1');

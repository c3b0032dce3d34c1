import { get } from 'node:http';

/**
 * Follows a log of numbered lines (`… line 0000000001 …`) and checks that none is missing, none twice. Asked over IPC with
 * `{atLeast}`, it answers what it has seen as soon as it has seen that line.
 *
 *     node follower.ts URL
 */

const MARK = 'line ';
const DIGITS = 10;

const seen = { lines: 0, last: 0, lost: 0, repeated: 0, gaps: 0 };
let awaited: number | null = null;
let rest = '';

function take(text: string): void {
  let at = 0;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', at)) {
    const mark = text.indexOf(MARK, at);
    // looked for, not parsed: this process is not what is measured, and shares the machine with what is
    if (mark !== -1 && mark < end) count(Number(text.slice(mark + MARK.length, mark + MARK.length + DIGITS)));
    else if (text.startsWith('{"gap"', at)) seen.gaps += 1;
    at = end + 1;
  }
  rest = text.slice(at);
}

function count(number: number): void {
  seen.lines += 1;
  if (number <= seen.last) {
    seen.repeated += 1;
    return;
  }
  if (seen.last !== 0) seen.lost += number - seen.last - 1;
  seen.last = number;
}

function answer(): void {
  if (awaited === null || seen.last < awaited) return;
  awaited = null;
  process.send?.(seen);
}

process.on('message', (message: { atLeast: number }) => {
  awaited = message.atLeast;
  answer();
});
process.on('disconnect', () => process.exit(0));

get(process.argv[2] ?? '', (response) => {
  if (response.statusCode !== 200) throw new Error(`the log was answered with ${response.statusCode}`);
  response.setEncoding('latin1');
  response.on('data', (chunk: string) => {
    take(rest + chunk);
    answer();
  });
  response.on('close', () => process.exit(1));
});

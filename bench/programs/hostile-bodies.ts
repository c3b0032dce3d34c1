import { request } from 'node:http';

/**
 * Callers that send the worst bodies of 64 MiB, one after the other, each from an address of its own (as a proxy would name it).
 * Started over IPC; answers each message with how many answers came since the last one, by status.
 *
 *     node hostile-bodies.ts PORT
 */

/** What a caller repeats until its body is full. */
interface Body {
  head: string;
  repeated: string;
  tail: string;
  type?: string;
}

const SIZE = 64 * 1024 * 1024;
const BLOCK = 1024 * 1024;
const JSON_HEAD = '{"model":"victim"';
const FORM_HEAD =
  '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nvictim\r\n--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n';

/** One for each caller. */
const BODIES: readonly Body[] = [
  { head: JSON_HEAD, repeated: ',"":0', tail: '}' },
  { head: JSON_HEAD, repeated: ',"model":"victim"', tail: '}' },
  { head: `${JSON_HEAD},"x":`, repeated: '[', tail: ']' },
  { head: `${JSON_HEAD},"x":[""`, repeated: ',""', tail: ']}' },
  { head: `${JSON_HEAD},"x":"`, repeated: String.raw`\"`, tail: '"}' },
  { head: `${JSON_HEAD},"`, repeated: String.raw`\u006d`, tail: '":1}' },
  { head: `${JSON_HEAD},"x":1`, repeated: '1', tail: '}' },
  { head: FORM_HEAD, repeated: '\r\n--b\r', tail: '\r\n--b--\r\n', type: 'multipart/form-data; boundary=b' },
];

const port = Number(process.argv[2]);
const counts: Record<number, number> = {};

function send({ head, repeated, tail, type = 'application/json' }: Body, caller: number): Promise<number> {
  const block = Buffer.from(repeated.repeat(Math.floor(BLOCK / repeated.length)));
  const blocks = Math.floor((SIZE - head.length - tail.length) / block.length);
  const headers = {
    'content-type': type,
    'content-length': head.length + blocks * block.length + tail.length,
    'x-forwarded-for': `203.0.113.${caller}`,
  };
  const { promise, resolve } = Promise.withResolvers<number>();
  const sent = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/v1/chat/completions',
    headers,
    agent: false,
  });
  sent.on('response', (response) => {
    response.resume().once('close', () => {
      sent.destroy();
      resolve(response.statusCode ?? 0);
    });
  });
  // A body that is refused may be broken off before its answer is read.
  sent.on('error', () => resolve(0));
  let left = blocks;
  const more = (): void => {
    while (left > 0) {
      left -= 1;
      if (!sent.write(block)) return;
    }
    sent.off('drain', more).end(tail);
  };
  sent.on('drain', more).write(head);
  more();
  return promise;
}

process.once('message', () => {
  for (const [caller, body] of BODIES.entries()) {
    void (async () => {
      for (;;) {
        const status = await send(body, caller);
        counts[status] = (counts[status] ?? 0) + 1;
      }
    })();
  }
});
process.on('message', () => process.send?.(counts));

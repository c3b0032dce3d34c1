import { codeOf } from '@llamactl/contract/reason';
import http from 'node:http';
import https from 'node:https';
import { pause, type Clock } from '../instances/ports/time.ts';
import type { Announcement } from './announcement.ts';

const TRIES = 3;
const TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

/** The result of one attempt. `again`: retry, but not before `pauseMs`. */
type Outcome = { ok: true } | { ok: false; why: string; again: boolean; pauseMs: number };

/**
 * Posts announcements to one URL. The URL is a secret: no error contains it, its host, or text of the answer.
 *
 * @throws {Error} when the address is not an http or https URL
 */
export function createWebhook(
  address: string,
  clock: Pick<Clock, 'after'>,
  tries = TRIES,
): (announcement: Announcement, signal: AbortSignal) => Promise<void> {
  // `new URL` would put the address into its error.
  const url = URL.parse(address);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new Error('alerts.webhook is not an http or https URL');
  }

  /** Rejects after `tries` failed attempts, or after a failure that a retry cannot mend. Resolves on an abort. */
  return async (announcement, signal) => {
    for (let tried = 1; !signal.aborted; tried += 1) {
      const outcome = await post(url, announcement, clock, signal);
      if (outcome.ok || signal.aborted) return;
      if (!outcome.again || tried === tries) throw new Error(`alerts.webhook ${outcome.why}`);
      const pauseMs = Math.max(outcome.pauseMs, FIRST_PAUSE_MS * 4 ** (tried - 1));
      await pause(clock, Math.min(pauseMs, LONGEST_PAUSE_MS), signal);
    }
  };
}

/**
 * Makes one body for all services: Slack reads `text`, Discord `content`, and ntfy the fields that the templates in the
 * headers name. Mentions are off: a reason may quote an engine's output, which must not notify a whole channel.
 */
export function bodyOf(announcement: Announcement): string {
  const text = `${announcement.title}\n${announcement.message}`;
  return JSON.stringify({
    ...announcement,
    text: text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    content: text,
    allowed_mentions: { parse: [] },
  });
}

/** ntfy shows the whole body unless templates select its parts. */
function headersOf({ level, state }: Announcement): http.OutgoingHttpHeaders {
  const isBad = state === 'raised' && level === 'error';
  return {
    'content-type': 'application/json',
    'user-agent': 'llamactl',
    'x-template': 'yes',
    'x-title': '{{.title}}',
    'x-message': '{{.message}}',
    'x-priority': isBad ? 'high' : 'default',
    'x-tags': state === 'cleared' ? 'white_check_mark' : 'warning',
  };
}

function post(
  url: URL,
  announcement: Announcement,
  clock: Pick<Clock, 'after'>,
  signal: AbortSignal,
): Promise<Outcome> {
  const body = Buffer.from(bodyOf(announcement));
  const headers = { ...headersOf(announcement), 'content-length': body.length };
  return new Promise((resolve) => {
    // a new connection each time: alerts are rare, and an idle connection is closed before the next one
    const request = (url.protocol === 'https:' ? https : http).request(url, { method: 'POST', agent: false, headers });
    const finish = (outcome: Outcome): void => {
      cancelTimeout();
      signal.removeEventListener('abort', abort);
      resolve(outcome);
      request.destroy();
    };
    const fail = (why: string): void => finish({ ok: false, why, again: true, pauseMs: 0 });
    const abort = (): void => fail('was given up');
    const cancelTimeout = clock.after(TIMEOUT_MS, () => fail(`did not answer within ${TIMEOUT_MS / 1_000} seconds`));
    signal.addEventListener('abort', abort, { once: true });
    request.on('response', (response) => finish(judge(response)));
    // Use only the error's code: its message names the host.
    request.on('error', (error) => fail(`could not be reached (${codeOf(error) ?? 'no HTTP'})`));
    request.on('close', () => fail('closed the connection without an answer'));
    request.end(body);
  });
}

function judge({ statusCode: status = 0, headers }: http.IncomingMessage): Outcome {
  if (status >= 200 && status < 300) return { ok: true };
  const isRedirect = status >= 300 && status < 400;
  const why = `answered with status ${status}${isRedirect ? '; redirects are not followed, so configure the final URL' : ''}`;
  const seconds = Number(headers['retry-after'] ?? 0);
  const pauseMs = Number.isFinite(seconds) ? Math.max(0, seconds * 1_000) : 0;
  return { ok: false, why, again: status === 408 || status === 429 || status >= 500, pauseMs };
}

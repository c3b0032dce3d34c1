import type { ActiveRequest, FinishedRequest } from '@llamactl/client';

/** A request in flight, or one that is over. */
export type SeenRequest = ActiveRequest | FinishedRequest;

/** The parts of a request, in their order. */
export const COURSE_PARTS = ['starting', 'queued', 'prompt', 'answer'] as const;
export type CoursePart = (typeof COURSE_PARTS)[number];

export function isFinished(request: SeenRequest): request is FinishedRequest {
  return 'outcome' in request;
}

/** Seconds of a request until its end, or until now. @param now Milliseconds since the epoch. */
export function secondsOf(request: SeenRequest, now: number): number {
  if (isFinished(request)) return request.duration;
  return Math.max(0, (now - Date.parse(request.started_at)) / 1_000);
}

/**
 * Divides a request into its parts, in seconds. The prompt takes what the engine reported, or else the time until the first
 * token; without either, everything after the wait is the answer.
 *
 * @param now Milliseconds since the epoch.
 */
export function courseOf(request: SeenRequest, now: number): Readonly<Record<CoursePart, number>> {
  const whole = secondsOf(request, now);
  const starting = Math.min(request.starting, whole);
  const queued = Math.min(request.queued, whole - starting);
  const rest = whole - starting - queued;
  const isWaiting = !isFinished(request) && (request.phase === 'starting' || request.phase === 'queued');
  if (isWaiting) {
    const isStarting = request.phase === 'starting';
    return {
      starting: isStarting ? starting + rest : starting,
      queued: isStarting ? queued : queued + rest,
      prompt: 0,
      answer: 0,
    };
  }
  // A refused request got no answer from an engine.
  if (isFinished(request) && request.outcome === 'refused') return { starting, queued, prompt: 0, answer: 0 };
  const isReading = !isFinished(request) && request.phase === 'processing';
  const untilFirst =
    request.time_to_first_token === null ? null : request.time_to_first_token - (request.waited ?? starting + queued);
  const prompt = isReading ? rest : Math.min(rest, Math.max(0, request.prompt_seconds ?? untilFirst ?? 0));
  return { starting, queued, prompt, answer: rest - prompt };
}

/** How many times as long as nine tenths of the requests the scale may be. */
const MOST_TIMES = 4;

/**
 * Seconds of a time scale that shows requests side by side: those of the longest, but at most four times what nine tenths of
 * them take. Otherwise one long request would leave no more than dots of the others. At least one second.
 *
 * @param now Milliseconds since the epoch.
 */
export function scaleOf(requests: readonly SeenRequest[], now: number): number {
  const seconds = requests
    // Refused requests end at once, and say nothing about the others.
    .filter((request) => !isFinished(request) || request.outcome !== 'refused')
    .map((request) => secondsOf(request, now))
    .toSorted((one, other) => one - other);
  const longest = seconds.at(-1) ?? 0;
  const usual = seconds[Math.floor((seconds.length - 1) * 0.9)] ?? 0;
  return Math.max(1, Math.min(longest, MOST_TIMES * usual));
}

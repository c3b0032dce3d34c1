import { requestSeconds } from '../../lib/figures.ts';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { requestsWords } from '../../words/requests.ts';
import { COURSE_PARTS, courseOf, secondsOf, type CoursePart, type SeenRequest } from './course.ts';

/** Waiting is grey and hatched, work has colours, so that the wait shows without colours too. */
const LOOKS: Readonly<Record<CoursePart, string>> = {
  starting: 'bg-edge hatched',
  queued: 'bg-warn hatched',
  prompt: 'bg-chart-4',
  answer: 'bg-chart-1',
};

interface CourseBarProps {
  request: SeenRequest;
  /** Milliseconds since the epoch. */
  now: number;
  /** Seconds of the whole width. */
  scale: number;
}

/** The parts of a request as a bar on a time scale. */
export function CourseBar({ request, now, scale }: CourseBarProps) {
  const words = useWords(requestsWords);
  const course = courseOf(request, now);
  const shown = COURSE_PARTS.filter((part) => course[part] > 0);
  // Of two numbers that are equal but for rounding, none is longer.
  const isCut = secondsOf(request, now) > scale * 1.001;
  const parts = shown.map((part) => words.part(words.parts[part], requestSeconds(course[part])));
  const text = [...parts, ...(isCut && parts.length > 0 ? [words.cut] : [])].join(', ');
  return (
    <span
      role="img"
      aria-label={text === '' ? requestSeconds(secondsOf(request, now)) : text}
      data-tip={text}
      className="flex h-2.5 w-full min-w-0"
    >
      {shown.map((part) => (
        <span
          key={part}
          style={{ width: `${Math.min(100, (course[part] / scale) * 100)}%` }}
          className={classNames(
            'h-full min-w-0.5 first:rounded-l-full forced-color-adjust-none',
            !isCut && 'last:rounded-r-full',
            LOOKS[part],
          )}
        />
      ))}
      {isCut && <Cut part={shown.at(-1) ?? 'answer'} />}
    </span>
  );
}

/** The end of a bar that is shorter than its request: it goes on in pieces. */
function Cut({ part }: { part: CoursePart }) {
  return (
    <>
      {['w-1.5', 'w-1', 'w-0.5'].map((width) => (
        <span
          key={width}
          aria-hidden
          className={classNames('ml-0.5 h-full shrink-0 forced-color-adjust-none', width, LOOKS[part])}
        />
      ))}
    </>
  );
}

/** The parts that a request has, with their seconds. */
export function CourseParts({ request, now }: { request: SeenRequest; now: number }) {
  const words = useWords(requestsWords);
  const course = courseOf(request, now);
  return (
    <ul aria-label={words.legend} className="flex flex-wrap gap-x-6 gap-y-1">
      {COURSE_PARTS.filter((part) => course[part] > 0).map((part) => (
        <li key={part} className="inline-flex items-center gap-2">
          <Swatch of={part} />
          <span className="text-mute">{words.parts[part]}</span>
          <span className="figures">{requestSeconds(course[part])}</span>
        </li>
      ))}
    </ul>
  );
}

function Swatch({ of: part }: { of: CoursePart }) {
  return <span aria-hidden className={classNames('h-2.5 w-3 rounded-full forced-color-adjust-none', LOOKS[part])} />;
}

/** Which look means which part. */
export function CourseLegend() {
  const words = useWords(requestsWords);
  return (
    <ul aria-label={words.legend} className="flex flex-wrap gap-x-3 gap-y-1 text-label text-mute">
      {COURSE_PARTS.map((part) => (
        <li key={part} className="inline-flex items-center gap-1">
          <Swatch of={part} />
          {words.parts[part]}
        </li>
      ))}
    </ul>
  );
}

import { classNames } from '../../lib/class-names.ts';

const COLOURS: Readonly<Record<string, string>> = {
  GET: 'text-accent',
  POST: 'text-ok',
  PUT: 'text-warn',
  DELETE: 'text-bad',
};

/** The method of a request, in a column of its own. */
export function MethodMark({ method }: { method: string }) {
  return (
    <span className={classNames('inline-block w-12 shrink-0 font-mono text-label font-strong', COLOURS[method])}>
      {method}
    </span>
  );
}

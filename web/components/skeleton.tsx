import { classNames } from '../lib/class-names.ts';

/** A grey bar in the place of text that is on its way. Shows after 150 ms. @param className Its width and height. */
export function Skeleton({ className }: { className?: string }) {
  return (
    <span aria-hidden="true" className="late block min-w-0 grow">
      <span className={classNames('skeleton block h-3', className ?? 'w-full')} />
    </span>
  );
}

const WIDTHS = ['w-2/3', 'w-1/2', 'w-3/4', 'w-1/3'];

/** Rows of a list that is on its way. */
export function SkeletonRows({ count = 6, height = 33 }: { count?: number; height?: number }) {
  return (
    <div aria-hidden="true">
      {Array.from({ length: count }, (_, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- the rows are all the same
        <div key={at} style={{ height }} className="flex items-center gap-6 border-b border-line px-4 wide:px-6">
          <Skeleton className={WIDTHS[at % WIDTHS.length] ?? 'w-1/2'} />
        </div>
      ))}
    </div>
  );
}

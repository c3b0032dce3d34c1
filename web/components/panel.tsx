import { useId, type ReactNode } from 'react';
import { classNames } from '../lib/class-names.ts';

/** A section with a heading and an edge. */
export function Panel({
  title,
  actions,
  children,
  className,
}: {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  const id = useId();
  return (
    <section
      aria-labelledby={title === undefined ? undefined : id}
      className={classNames('min-w-0 rounded-panel border border-line bg-canvas', className)}
    >
      {title !== undefined && (
        <header className="flex min-h-10 flex-wrap items-center gap-2 border-b border-line py-1 pr-2 pl-4">
          <h2 id={id} className="min-w-0 grow font-strong">
            {title}
          </h2>
          {actions}
        </header>
      )}
      <div className="p-4">{children}</div>
    </section>
  );
}

/** Names and values in two columns. `null` values are left out. */
export function Facts({ facts }: { facts: readonly (readonly [ReactNode, ReactNode] | null)[] }) {
  return (
    <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-6 gap-y-1">
      {facts.map((fact, at) =>
        fact === null ? null : (
          // oxlint-disable-next-line react/no-array-index-key -- facts keep their places
          <div key={at} className="contents">
            <dt className="text-mute">{fact[0]}</dt>
            <dd className="figures min-w-0 break-words">{fact[1]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

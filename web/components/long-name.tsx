/** A name up to this length fits into the narrowest column. */
const LONG = 20;
/** Characters of the end that always show. */
const END = 10;

/**
 * A name that is cut in its middle if the room is too narrow: names of one model, such as `mistral-small-24b-q5-prod` and
 * `mistral-small-24b-q5-batch`, differ at their ends.
 */
export function LongName({ name }: { name: string }) {
  if (name.length <= LONG) return <span className="min-w-0 truncate">{name}</span>;
  return (
    <span className="flex min-w-0">
      <span aria-hidden="true" className="min-w-0 truncate">
        {name.slice(0, -END)}
      </span>
      <span aria-hidden="true" className="shrink-0 whitespace-pre">
        {name.slice(-END)}
      </span>
      <span className="sr-only">{name}</span>
    </span>
  );
}

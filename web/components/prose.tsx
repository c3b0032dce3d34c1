/** A text of the server; parts in backticks are code. */
export function Prose({ text }: { text: string }) {
  return text.split('`').map((part, at) =>
    at % 2 === 0 ? (
      part
    ) : (
      // oxlint-disable-next-line react/no-array-index-key -- the text does not change
      <code key={at} className="break-words">
        {part}
      </code>
    ),
  );
}

/** A turning ring: the command of this button is under way. It is not for pages that load: they have skeletons. */
export function PendingMark() {
  return (
    <svg aria-hidden="true" className="size-4 shrink-0 animate-spin" viewBox="0 0 16 16" fill="none" strokeWidth="1.5">
      <circle cx="8" cy="8" r="5.5" stroke="currentColor" opacity="0.3" />
      <path d="M8 2.5A5.5 5.5 0 0 1 13.5 8" stroke="currentColor" strokeLinecap="round" />
    </svg>
  );
}

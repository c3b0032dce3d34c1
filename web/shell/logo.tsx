/** The sign of llamactl. */
export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 32 32" className="shrink-0">
      <rect width="32" height="32" rx="7" className="fill-accent" />
      <path
        d="M10 25V11.5L9 6l3.5 3h5L21 6l-1 5.5h1.5L24 14l-.5 2-3.5.5V25h-3v-4.5h-3.5V25z"
        className="fill-on-accent"
      />
    </svg>
  );
}

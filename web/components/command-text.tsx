import { CopyButton } from './copy-button.tsx';

/** A command for a shell, to copy. */
export function CommandText({ command }: { command: string }) {
  return (
    <span className="inline-flex max-w-full items-center rounded-control border border-line bg-canvas pl-2">
      <code className="min-w-0 break-all">{command}</code>
      <CopyButton text={command} />
    </span>
  );
}

import { classNames } from '../lib/class-names.ts';
import { CopyButton } from './copy-button.tsx';

interface CodeBlockProps {
  code: string;
  /** Its name for screen readers. */
  label: string;
  /** Breaks long lines instead of scrolling. */
  wraps?: boolean;
}

/** A command, or text of a program, with a button that copies it. */
export function CodeBlock({ code, label, wraps = false }: CodeBlockProps) {
  return (
    <div className="relative rounded-control border border-line bg-panel">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard */}
      <pre
        tabIndex={0}
        aria-label={label}
        className={classNames(
          'overflow-x-auto py-2 pr-10 pl-3 pointer-coarse:pr-12',
          wraps && 'break-all whitespace-pre-wrap',
        )}
      >
        <code>{code}</code>
      </pre>
      <span className="absolute top-0.5 right-0.5 rounded-control bg-panel">
        <CopyButton text={code} />
      </span>
    </div>
  );
}

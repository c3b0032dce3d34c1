import { classNames } from '../lib/class-names.ts';
import { CopyButton } from './copy-button.tsx';

interface CodeBlockProps {
  code: string;
  /** Its name for screen readers. */
  label: string;
  /** Breaks long lines instead of scrolling. */
  wraps?: boolean;
  /** Called after each copy by the button. */
  onCopied?: () => void;
}

/** A command, or text of a program, with a button that copies it. */
export function CodeBlock({ code, label, wraps = false, onCopied }: CodeBlockProps) {
  return (
    <div className="flex items-start rounded-control border border-line bg-panel">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard */}
      <pre
        tabIndex={0}
        aria-label={label}
        className={classNames('min-w-0 grow overflow-x-auto py-2 pl-3', wraps && 'break-all whitespace-pre-wrap')}
      >
        <code>{code}</code>
      </pre>
      <span className="shrink-0 p-0.5">
        <CopyButton text={code} onCopied={onCopied} />
      </span>
    </div>
  );
}

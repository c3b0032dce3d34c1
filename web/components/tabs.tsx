import { useEffect, useId, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { classNames } from '../lib/class-names.ts';

export interface Tab<Value extends string> {
  value: Value;
  label: ReactNode;
}

export interface TabsProps<Value extends string> {
  /** For screen readers. */
  label: string;
  tabs: readonly Tab<Value>[];
  value: Value;
  onChoose: (value: Value) => void;
  /** The content of the chosen tab. */
  children: ReactNode;
  className?: string;
}

/** Tabs with the content of the chosen one. Keep the choice in the URL. */
export function Tabs<Value extends string>({ label, tabs, value, onChoose, children, className }: TabsProps<Value>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const shown = useRef(value);
  useEffect(() => {
    // The part with the focus may be gone with its tab.
    if (document.activeElement !== document.body || shown.current === value) return;
    list.current?.querySelector<HTMLElement>(`[data-tab="${value}"]`)?.focus({ preventScroll: true });
  }, [value]);
  useEffect(() => {
    shown.current = value;
  }, [value]);
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? 0;
    if (step === 0) return;
    event.preventDefault();
    const at = tabs.findIndex((tab) => tab.value === value);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    onChoose(next.value);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.value}"]`)?.focus();
  };
  return (
    <>
      <div className="shrink-0 overflow-x-auto border-b border-line">
        {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- its chosen tab has the focus */}
        <div ref={list} role="tablist" aria-label={label} onKeyDown={move} className="flex gap-4 px-4 wide:px-6">
          {tabs.map((tab) => {
            const isChosen = tab.value === value;
            return (
              <button
                key={tab.value}
                type="button"
                role="tab"
                id={`${id}-${tab.value}`}
                data-tab={tab.value}
                aria-selected={isChosen}
                aria-controls={isChosen ? `${id}-panel` : undefined}
                tabIndex={isChosen ? 0 : -1}
                onClick={() => onChoose(tab.value)}
                className={classNames(
                  'h-9 shrink-0 border-b-2 px-0.5 whitespace-nowrap -outline-offset-2 pointer-coarse:h-11',
                  isChosen ? 'border-accent font-strong' : 'border-transparent text-mute hover:text-ink',
                )}
              >
                {tab.label}
              </button>
            );
          })}
        </div>
      </div>
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${value}`}
        className={classNames('flex min-h-0 grow flex-col', className)}
      >
        {children}
      </div>
    </>
  );
}

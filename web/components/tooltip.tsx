import { useEffect, useRef } from 'react';

/** Milliseconds of rest before a tooltip shows. A tooltip for the focus of the keyboard shows at once. */
const REST_MS = 500;
const GAP = 6;

/**
 * Shows the `data-tip` of the element under the pointer or with the focus. Stands once in the shell. A tip only repeats
 * or explains; a control also needs its name in `aria-label` or words.
 */
export function TooltipHost() {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const tip = ref.current;
    if (tip === null) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hide = (): void => {
      clearTimeout(timer);
      if (tip.matches(':popover-open')) tip.hidePopover();
    };
    const show = (owner: HTMLElement): void => {
      if (!owner.isConnected) return;
      tip.textContent = owner.dataset['tip'] ?? '';
      tip.showPopover();
      place(tip, owner);
    };
    const pointed = ({ target }: Event): void => {
      const owner = ownerOf(target);
      hide();
      if (owner !== null) timer = setTimeout(() => show(owner), REST_MS);
    };
    const focused = ({ target }: Event): void => {
      const owner = ownerOf(target);
      hide();
      if (owner?.matches(':focus-visible') === true) show(owner);
    };
    const pressed = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape') hide();
    };
    const end = new AbortController();
    const options = { signal: end.signal, passive: true, capture: true };
    document.addEventListener('pointerover', pointed, options);
    document.addEventListener('pointerdown', hide, options);
    document.addEventListener('focusin', focused, options);
    document.addEventListener('scroll', hide, options);
    document.addEventListener('keydown', pressed, options);
    return () => {
      hide();
      end.abort();
    };
  }, []);
  return (
    <div
      ref={ref}
      popover="manual"
      aria-hidden="true"
      className="pointer-events-none fixed m-0 max-w-72 rounded-control bg-ink px-2 py-1 text-label text-canvas"
    />
  );
}

function ownerOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('[data-tip]') : null;
}

function place(tip: HTMLElement, owner: HTMLElement): void {
  const box = owner.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(Math.max(GAP, box.left + box.width / 2 - width / 2), innerWidth - width - GAP);
  const isBelow = box.bottom + GAP + height < innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${isBelow ? box.bottom + GAP : box.top - height - GAP}px`;
}

import { DropdownMenu } from 'radix-ui';
import { useReducer } from 'react';
import { classNames } from '../lib/class-names.ts';
import { Icon } from './icons.tsx';
import type { MenuItem, OpenMenu } from './menu-items.ts';

const ITEM =
  'flex min-h-7 cursor-pointer items-center gap-2 rounded-control px-2 py-1 outline-none select-none data-disabled:cursor-default data-disabled:opacity-50 data-highlighted:bg-hover pointer-coarse:min-h-11';

/** The open menu. Its trigger is invisible and lies over the element that it belongs to. */
export default function MenuSurface({ menu, onClose }: { menu: OpenMenu; onClose: () => void }) {
  const { anchor, label, items } = menu;
  const [, renderAgain] = useReducer((count: number) => count + 1, 0);
  const { left, top, width, height } = anchor.getBoundingClientRect();
  // A modal dialog makes everything outside of it inert.
  const container = anchor.closest('dialog') ?? document.body;
  const giveBack = (): void => {
    if (anchor.isConnected) anchor.focus();
  };
  return (
    <DropdownMenu.Root open modal={false} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DropdownMenu.Trigger
        tabIndex={-1}
        aria-hidden="true"
        className="pointer-events-none fixed opacity-0"
        style={{ left, top, width, height }}
      />
      <DropdownMenu.Portal container={container}>
        <DropdownMenu.Content
          aria-label={label}
          align="end"
          sideOffset={4}
          collisionPadding={8}
          loop
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            giveBack();
          }}
          className="popped z-50 max-h-[var(--radix-dropdown-menu-content-available-height)] max-w-[calc(100vw-16px)] min-w-44 overflow-y-auto rounded-panel border border-line bg-raised p-1 text-body shadow-float"
        >
          {items().map((item, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- the lines of one open menu keep their places
            <Line key={at} item={item} onStay={renderAgain} onLeave={giveBack} />
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface LineProps {
  item: MenuItem;
  /** Called after a choice that leaves the menu open. */
  onStay: () => void;
  /** Called before the action of a choice that closes the menu. */
  onLeave: () => void;
}

function Line({ item, onStay, onLeave }: LineProps) {
  if (item.kind === 'line') return <DropdownMenu.Separator className="mx-1 my-1 h-px bg-line" />;
  if (item.kind === 'heading') {
    return <DropdownMenu.Label className="px-2 pt-1.5 pb-0.5 text-label text-mute">{item.label}</DropdownMenu.Label>;
  }
  const { label, icon, keyHint, isDanger = false, disabled = false, isChosen, staysOpen = false, onSelect } = item;
  const select = (event: Event): void => {
    if (staysOpen) event.preventDefault();
    // A dialog returns the focus to the element that has it when the dialog opens.
    else onLeave();
    onSelect();
    if (staysOpen) onStay();
  };
  const content = (
    <>
      {isChosen === undefined ? (
        icon !== undefined && <Icon name={icon} className={isDanger ? '' : 'text-mute'} />
      ) : (
        <Icon name="check" className={isChosen ? '' : 'invisible'} />
      )}
      <span className="grow">{label}</span>
      {keyHint !== undefined && (
        <kbd aria-hidden="true" className="hidden pl-4 text-mute wide:inline">
          {keyHint}
        </kbd>
      )}
    </>
  );
  if (isChosen === undefined) {
    return (
      <DropdownMenu.Item disabled={disabled} onSelect={select} className={classNames(ITEM, isDanger && 'text-bad')}>
        {content}
      </DropdownMenu.Item>
    );
  }
  return (
    <DropdownMenu.CheckboxItem checked={isChosen} disabled={disabled} onSelect={select} className={ITEM}>
      {content}
    </DropdownMenu.CheckboxItem>
  );
}

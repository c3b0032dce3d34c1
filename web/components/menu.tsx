import { lazy, Suspense, type MouseEvent, type ReactNode } from 'react';
import { useStored, ValueStore } from '../lib/value-store.ts';
import { Button, type ButtonKind } from './button.tsx';
import { IconButton } from './icon-button.tsx';
import type { IconName } from './icons.tsx';
import { laterPart, MissingFloat } from './later-part.tsx';
import type { MenuItem, OpenMenu } from './menu-items.ts';

/** All menus of the page share one root, since a root for each row would cost more than the row. */
export const openMenu = new ValueStore<OpenMenu | null>(null);

/** Opens a menu below an element. @param items Called at each render, so that choices can stay open and change. */
export function showMenu(anchor: HTMLElement, label: string, items: () => readonly MenuItem[]): void {
  openMenu.set({ anchor, label, items });
}

// The library of menus comes with the first menu.
const MenuSurface = lazy(laterPart(async () => (await import('./menu-surface.tsx')).default, MissingFloat));

/** Shows the open menu. Stands once in the shell. */
export function MenuHost() {
  const menu = useStored(openMenu);
  if (menu === null) return null;
  return (
    <Suspense>
      <MenuSurface menu={menu} onClose={() => openMenu.set(null)} />
    </Suspense>
  );
}

interface MenuButtonProps {
  /** Its name for screen readers, and of the menu. */
  label: string;
  items: () => readonly MenuItem[];
  icon?: IconName;
  /** Words on the button; without them it is an icon button. */
  children?: ReactNode;
  kind?: ButtonKind;
  size?: 'normal' | 'small';
  tabIndex?: number;
  className?: string;
}

/** A button that opens a menu. */
export function MenuButton({
  label,
  items,
  icon = 'more',
  children,
  kind = 'normal',
  size = 'normal',
  ...rest
}: MenuButtonProps) {
  const open = ({ currentTarget }: MouseEvent<HTMLButtonElement>): void => showMenu(currentTarget, label, items);
  if (children === undefined) {
    return <IconButton {...rest} icon={icon} label={label} aria-haspopup="menu" onClick={open} />;
  }
  return (
    <Button {...rest} kind={kind} size={size} icon={icon} aria-haspopup="menu" onClick={open}>
      {children}
    </Button>
  );
}

import type { IconName } from './icons.tsx';

/** One line of a menu. */
export type MenuItem =
  | {
      kind?: 'action';
      label: string;
      icon?: IconName;
      /** Shown at the end; the menu does not listen for it. */
      keyHint?: string;
      isDanger?: boolean;
      disabled?: boolean;
      /** `undefined`: not a choice. Otherwise a mark shows whether it is chosen. */
      isChosen?: boolean;
      /** Whether the menu stays open, for several choices. */
      staysOpen?: boolean;
      onSelect: () => void;
    }
  | { kind: 'line' }
  | { kind: 'heading'; label: string };

/** A menu that is open now. */
export interface OpenMenu {
  /** The element that it belongs to; focus returns to it. */
  anchor: HTMLElement;
  label: string;
  items: () => readonly MenuItem[];
}

import { keep, kept, oneOf } from './browser-storage.ts';
import { ValueStore } from './value-store.ts';

/** The colours that the reader chose; `system` follows the device. */
export type Theme = 'system' | 'light' | 'dark';

const DARK = '(prefers-color-scheme: dark)';

/** The chosen theme of this browser. Change it with {@link chooseTheme}. */
export const theme = new ValueStore<Theme>(kept('theme', oneOf('system', 'light', 'dark')) ?? 'system');
/** Whether the colours are dark now. Charts draw with it. */
export const isDark = new ValueStore(false);

/** Applies the theme now, and again when the device changes between day and night. */
export function startTheme(): void {
  apply();
  matchMedia(DARK).addEventListener('change', apply);
}

/** Applies and keeps a theme. */
export function chooseTheme(chosen: Theme): void {
  theme.set(chosen);
  keep('theme', chosen);
  apply();
}

function apply(): void {
  const dark = theme.get() === 'dark' || (theme.get() === 'system' && matchMedia(DARK).matches);
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  isDark.set(dark);
}

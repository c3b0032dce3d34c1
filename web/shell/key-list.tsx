import { Dialog } from '../components/dialog.tsx';
import { useWords } from '../lib/language.ts';
import { shortcutGroups } from '../lib/shortcuts.ts';
import { useStored, ValueStore } from '../lib/value-store.ts';
import { shellWords } from '../words/shell.ts';
import { KeyCaps } from './key-caps.tsx';

/** Whether the list of keys is open. */
export const isKeyListOpen = new ValueStore(false);

/** All keys that count on this page. */
export function KeyList() {
  const words = useWords(shellWords);
  const isOpen = useStored(isKeyListOpen);
  const groups = useStored(shortcutGroups);
  if (!isOpen) return null;
  return (
    <Dialog title={words.keys} width={640} onClose={() => isKeyListOpen.set(false)}>
      <div className="gap-x-8 wide:columns-2">
        {[...Map.groupBy(groups, ({ place }) => place)].map(([place, ofPlace]) => (
          <section key={place} className="mb-4 break-inside-avoid">
            <h3 className="mb-1 font-strong">{place}</h3>
            <dl>
              {ofPlace
                .flatMap(({ shortcuts }) => shortcuts)
                .filter(({ isUnlisted }) => isUnlisted !== true)
                .map(({ keys, label }) => (
                  <div key={keys} className="flex h-7 items-center justify-between gap-4">
                    <dt className="min-w-0 truncate text-mute">{label}</dt>
                    <dd>
                      <KeyCaps keys={keys} />
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

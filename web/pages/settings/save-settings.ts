import { useMutation } from '@tanstack/react-query';
import { showToast } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { settingsWords } from '../../words/settings.ts';
import { patchOf, type SettingChange } from './setting-fields.ts';

/** Saves changes, and reloads llamactl if asked. The form shows its error. */
export function useSaveSettings(onSaved: () => void) {
  const words = useWords(settingsWords);
  const { client, queries } = useApp();
  return useMutation({
    mutationFn: async ({ changes, reloads }: { changes: readonly SettingChange[]; reloads: boolean }) => {
      await client.updateConfig(patchOf(changes));
      if (reloads) await client.reloadSystem();
    },
    onSuccess: (_, { reloads }) => {
      onSaved();
      showToast({ kind: 'done', text: reloads ? words.savedAndReloaded : words.saved });
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ['config'] }),
  });
}

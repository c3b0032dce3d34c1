import { useMutation } from '@tanstack/react-query';
import { showError, showToast } from '../components/toast.tsx';
import { shellWords } from '../words/shell.ts';
import { useApp } from './app.ts';
import { useWords } from './language.ts';

/** Reloads llamactl. */
export function useReload() {
  const words = useWords(shellWords);
  const { client, queries } = useApp();
  return useMutation({
    mutationFn: () => client.reloadSystem(),
    onSuccess: () => showToast({ kind: 'done', text: words.reloading }),
    onError: showError,
    onSettled: () => void queries.invalidateQueries({ queryKey: ['config'] }),
  });
}

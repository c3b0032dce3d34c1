import { showError, showToast } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';

/**
 * Callbacks after a command on this page: a message, the list asked for again, and the dialog closed. Usage is asked for
 * again too, because it names keys and accounts.
 *
 * @param list The key of the list that the command changes.
 * @param onDone Called if it worked.
 */
export function useSettled(list: readonly string[], onDone: () => void) {
  const { queries } = useApp();
  return (done: string) => ({
    onSuccess: () => {
      showToast({ kind: 'done', text: done });
      onDone();
    },
    onError: showError,
    onSettled: () => {
      for (const queryKey of [list, ['usage']]) void queries.invalidateQueries({ queryKey });
    },
  });
}

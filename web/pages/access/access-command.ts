import { showError, showToast } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import { keysQuery } from '../../lib/queries.ts';

/**
 * Callbacks after a command on this page: a message, the list asked for again, and the dialog closed. Usage is asked for
 * again too, because it names keys and accounts.
 *
 * @param list The key of the list that the command changes.
 * @param onDone Called if it worked.
 * @param keysOf The account whose keys the command revokes.
 */
export function useSettled(list: readonly string[], onDone: () => void, keysOf: string | null = null) {
  const { client, queries } = useApp();
  const { queryKey: keyList } = keysQuery(client);
  return (done: string) => ({
    onSuccess: () => {
      // Until the list is here again, the tab of keys shows the one that the page has.
      if (keysOf !== null) queries.setQueryData(keyList, (keys) => keys?.filter(({ owner }) => owner !== keysOf));
      showToast({ kind: 'done', text: done });
      onDone();
    },
    onError: showError,
    onSettled: () => {
      const lists = [list, ['usage'], ...(keysOf === null ? [] : [keyList])];
      for (const queryKey of lists) void queries.invalidateQueries({ queryKey });
    },
  });
}

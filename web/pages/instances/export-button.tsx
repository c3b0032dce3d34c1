import { useMutation } from '@tanstack/react-query';
import { Button } from '../../components/button.tsx';
import { showError } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { saveFile } from '../../lib/save-file.ts';
import { instancesWords } from '../../words/instances.ts';

/** Saves some instances as a document for `llamactl apply`. */
export function ExportButton({ names }: { names: readonly string[] }) {
  const words = useWords(instancesWords);
  const { client } = useApp();
  const save = useMutation({
    mutationFn: async () => {
      const fleet = await client.exportFleet({ names });
      saveFile('instances.json', `${JSON.stringify(fleet, null, 2)}\n`, 'application/json');
    },
    onError: showError,
  });
  return (
    <Button size="small" icon="download" isPending={save.isPending} onClick={() => save.mutate()}>
      {words.exportSelected}
    </Button>
  );
}

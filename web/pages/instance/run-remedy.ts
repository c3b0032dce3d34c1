import { useMutation } from '@tanstack/react-query';
import type { Client, Remedy } from '@llamactl/client';
import { closeErrors, showErrorAbout } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import type { FollowUp } from './remedies.ts';

interface RemedyRun {
  remedy: Remedy;
  followUp: FollowUp;
}

/** Runs the operation of a remedy, and then starts or restarts the instance. */
export function useRemedy(name: string) {
  const { client, commands, queries } = useApp();
  return useMutation({
    mutationFn: async ({ remedy }: RemedyRun) => send(client, name, remedy),
    onSuccess: (_, { followUp }) => {
      if (followUp !== null) commands[followUp](name);
    },
    onMutate: () => closeErrors([name]),
    onError: (error) => showErrorAbout([name], error),
    onSettled: () => void queries.invalidateQueries({ queryKey: ['instances', name] }),
  });
}

/** Sends the operation with the body of the remedy. The server made the body, and checks it again. */
async function send(client: Client, name: string, { operation, body }: Remedy): Promise<void> {
  switch (operation) {
    case 'updateInstance':
      await client.updateInstance(name, body ?? {});
      return;
    case 'startInstance':
      await client.startInstance(name);
      return;
    case 'stopInstance':
      await client.stopInstance(name, body);
      return;
    case 'restartInstance':
      await client.restartInstance(name, body);
      return;
    case 'stopAllInstances': {
      const names = body?.['names'];
      // Without names it would stop all.
      if (!Array.isArray(names)) return;
      await client.stopAllInstances({ names: names.filter((each) => typeof each === 'string') });
      return;
    }
    case undefined:
      return;
  }
}

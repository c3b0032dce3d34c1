import type { Client, CreateInstance, Download, Frame } from '@llamactl/client';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { showError } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import type { DownloadProgress } from '../../lib/downloads.ts';
import { plainFailure } from '../../lib/error-text.ts';
import { instanceName } from '../../lib/instance-name.ts';

/** The step at which a first instance is. `model` is what it was begun with. */
export type FirstStep =
  | { kind: 'idle' }
  | { kind: 'download'; model: string; progress: Download | DownloadProgress }
  | { kind: 'creating' | 'starting'; model: string };

/** A way from nothing to a chat. */
export interface FirstInstance {
  step: FirstStep;
  /** Downloads a model, then does the same as `use`. */
  get: (reference: string, label: string) => void;
  /** Creates an instance of a model of this machine, starts it and opens the chat. @param label Gives the instance its name. */
  use: (model: Pick<CreateInstance, 'model' | 'model_path'>, label: string) => void;
  /** Ends the download. */
  cancel: () => void;
}

/** Creates a first instance. An error becomes a message, because the list may have replaced this place by then. */
export function useFirstInstance(): FirstInstance {
  const { client, feed, rows } = useApp();
  const navigate = useNavigate();
  const [step, setStep] = useState<FirstStep>({ kind: 'idle' });

  const createAndChat = async (model: Pick<CreateInstance, 'model' | 'model_path'>, label: string): Promise<void> => {
    const name = instanceName(label, rows.names.get() ?? []);
    setStep({ kind: 'creating', model: label });
    await client.createInstance({ name, ...model });
    setStep({ kind: 'starting', model: label });
    await client.startInstance(name);
    await navigate({ to: '/playground', search: { instance: name } });
  };
  const get = async (reference: string, label: string): Promise<void> => {
    const job = await client.createDownload({ model: reference });
    const show = (progress: Download | DownloadProgress): void => setStep({ kind: 'download', model: label, progress });
    show(job);
    const end = await ended(job, (listener) => feed.listen(listener), show);
    if (end === 'cancelled') return setStep({ kind: 'idle' });
    return createAndChat({ model: reference }, label);
  };
  const guarded = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      showError(error);
      setStep({ kind: 'idle' });
    }
  };
  return {
    step,
    get: (reference, label) => void guarded(get(reference, label)),
    use: (model, label) => void guarded(createAndChat(model, label)),
    cancel: () => void guarded(cancelled(client, step)),
  };
}

async function cancelled(client: Client, step: FirstStep): Promise<void> {
  if (step.kind === 'download') await client.deleteDownload(step.progress.id);
}

/** Resolves when a download has ended. @throws {Error} With its sentence, if it failed. */
function ended(
  job: Download,
  listen: (listener: (frame: Frame) => void) => () => void,
  show: (progress: DownloadProgress) => void,
): Promise<'done' | 'cancelled'> {
  return new Promise((resolve, reject) => {
    const judge = ({ state, error }: Pick<DownloadProgress, 'state' | 'error'>): void => {
      if (state === 'done' || state === 'cancelled') resolve(state);
      else if (state === 'failed') reject(new Error(error === null ? state : plainFailure(error)));
      else return;
      stop();
    };
    const stop = listen((frame) => {
      if (frame.type !== 'download_progress' || frame.data.id !== job.id) return;
      show(frame.data);
      judge(frame.data);
    });
    judge(job);
  });
}

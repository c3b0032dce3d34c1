import { useMutation, useQuery, type QueryClient } from '@tanstack/react-query';
import type { Download, Frame } from '@llamactl/client';
import { useEffect } from 'react';
import { showError } from '../components/toast.tsx';
import { useApp, useMay } from './app.ts';

/** The progress of a download, as events have it. */
export type DownloadProgress = Extract<Frame, { type: 'download_progress' }>['data'];

const LIST = ['downloads'] as const;

/** The downloads of the server, live. `undefined`: not loaded, or this user may not see them. */
export function useDownloads(): readonly Download[] | undefined {
  const { client, feed, queries } = useApp();
  const mayGet = useMay('operator');
  const query = useQuery({
    queryKey: LIST,
    queryFn: ({ signal }) => client.listDownloads({ signal }),
    enabled: mayGet,
    staleTime: Infinity,
  });
  useEffect(() => feed.listen((frame) => follow(queries, frame)), [feed, queries]);
  return query.data;
}

/** Begins the download of a reference. The bar of downloads shows it. */
export function useDownload() {
  const { client, queries } = useApp();
  return useMutation({
    mutationFn: (reference: string) => client.createDownload({ model: reference }),
    onSuccess: (download) =>
      queries.setQueryData<Download[]>(LIST, (list = []) => [...list.filter(({ id }) => id !== download.id), download]),
    onError: showError,
    onSettled: () => void queries.invalidateQueries({ queryKey: LIST }),
  });
}

/** Pauses, continues, cancels or hides a download. */
export function useDownloadCommand() {
  const { client, queries } = useApp();
  return useMutation({
    mutationFn: async ({ id, command }: { id: string; command: 'pause' | 'resume' | 'delete' }) => {
      if (command === 'pause') await client.pauseDownload(id);
      else if (command === 'resume') await client.resumeDownload(id);
      else await client.deleteDownload(id);
    },
    onError: showError,
    onSettled: () => void queries.invalidateQueries({ queryKey: LIST }),
  });
}

function follow(queries: QueryClient, frame: Frame): void {
  if (frame.type === 'gap') void queries.invalidateQueries({ queryKey: LIST });
  if (frame.type !== 'download_progress') return;
  const { data } = frame;
  const known = queries.getQueryData<Download[]>(LIST);
  if (known?.some(({ id }) => id === data.id) !== true) void queries.invalidateQueries({ queryKey: LIST });
  else queries.setQueryData<Download[]>(LIST, (list) => list?.map((each) => withProgress(each, data)));
  if (data.state === 'done') void queries.invalidateQueries({ queryKey: ['models'], exact: true });
}

function withProgress(download: Download, progress: DownloadProgress): Download {
  return download.id === progress.id ? { ...download, ...progress } : download;
}

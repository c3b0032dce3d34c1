import type { Quant } from '@llamactl/client';
import type { ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import type { Verdict } from '../../components/status.tsx';
import { useDownload } from '../../lib/downloads.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { modelsWords } from '../../words/models.ts';

/** How a fit before a download looks. */
export const FIT_VERDICTS: Readonly<Record<Quant['fits'], Verdict>> = { yes: 'ok', tight: 'warn', no: 'bad' };

/** Begins the download of a reference. The bar of downloads shows it from then on. */
export function DownloadButton({ reference, children }: { reference: string; children: ReactNode }) {
  const words = useWords(modelsWords);
  const isOnline = useIsOnline();
  const download = useDownload();
  return (
    <Button
      size="small"
      icon="download"
      disabled={!isOnline}
      isPending={download.isPending}
      aria-label={words.downloadOf(reference)}
      onClick={() => download.mutate(reference)}
    >
      <span className="max-wide:sr-only">{children}</span>
    </Button>
  );
}

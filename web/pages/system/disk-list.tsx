import type { SystemInfo } from '@llamactl/client';
import { bytes } from '../../../format/figures.ts';
import { Meter } from '../../components/meter.tsx';
import { useWords } from '../../lib/language.ts';
import { systemWords } from '../../words/system.ts';

type Folder = SystemInfo['folders'][number];

/** The folders of llamactl, and the room on their disks. */
export function DiskList({ folders }: { folders: readonly Folder[] }) {
  return (
    <ul className="flex flex-col gap-4">
      {folders.map((folder) => (
        <FolderLine key={`${folder.kind} ${folder.path}`} folder={folder} />
      ))}
    </ul>
  );
}

function FolderLine({ folder: { kind, path, disk_total: total, disk_free: free } }: { folder: Folder }) {
  const words = useWords(systemWords);
  return (
    <li className="flex flex-col gap-1.5">
      <p className="flex items-baseline gap-3">
        <span className="shrink-0">{words.folders[kind]}</span>
        {total !== null && free !== null && (
          <span className="figures ml-auto shrink-0">{`${words.free(bytes(free))} · ${bytes(total)}`}</span>
        )}
      </p>
      {total === null || free === null ? (
        <p className="text-mute">{words.folderUnknown}</p>
      ) : (
        <Meter label={path} text={words.free(bytes(free))} value={total - free} max={total} />
      )}
      <code className="truncate text-mute" title={path}>
        {path}
      </code>
    </li>
  );
}

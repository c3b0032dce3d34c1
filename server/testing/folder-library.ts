import path from 'node:path';
import { ModelLibrary } from '../models/library.ts';
import { SlicedWork } from '../sliced-work.ts';
import { FakeClock } from './fake-clock.ts';

/** When the first scan begins. */
const FIRST_SCAN_MS = 500;

/** The library of the models in one folder, not scanned yet. Close it. */
export function folderLibrary(folder: string, clock = new FakeClock({ realUpToMs: 1 })): ModelLibrary {
  return new ModelLibrary({
    clock,
    work: new SlicedWork(clock),
    places: [{ source: 'folder', folder, layout: 'files', needed: 'always' }],
    // Tests scan when they have changed the folder.
    watchFolder: () => () => undefined,
    indexFile: path.join(folder, 'models.index'),
    onFault: (error) => {
      throw error;
    },
  });
}

/** The library of the models in one folder after its first scan, so that it finds models by name. Close it. */
export async function scannedLibrary(folder: string): Promise<ModelLibrary> {
  const clock = new FakeClock({ realUpToMs: 1 });
  const library = folderLibrary(folder, clock);
  library.begin();
  const scanned = library.called('');
  await clock.advance(FIRST_SCAN_MS);
  await scanned;
  return library;
}

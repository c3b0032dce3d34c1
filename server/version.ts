import { BUILD_STAMP } from './build-stamp.ts';
import packageManifest from './package.json' with { type: 'json' };

/** The version of llamactl; one for all its packages. */
export const VERSION: string = packageManifest.version;

/** When the package was built, or when these files were created or checked out; RFC 3339. */
export const BUILD_TIME: string = BUILD_STAMP.time;

/** Commit of the source, with `-dirty` appended if a package was built with changes. `null`: unknown. */
export const COMMIT: string | null = BUILD_STAMP.commit;

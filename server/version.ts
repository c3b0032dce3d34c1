import { statSync } from 'node:fs';
import packageManifest from './package.json' with { type: 'json' };

/** The version of llamactl; one for all its packages. */
export const VERSION: string = packageManifest.version;

/** When these files were made or checked out, RFC 3339. */
export const BUILD_TIME: string = statSync(import.meta.filename).mtime.toISOString();

import { runTool } from '@llamactl/cli/quickstart/run-tool';
import type { BuildStamp } from '@llamactl/server/build-stamp';
import { npmCommand } from './npm-command.ts';
import { packageFacts } from './third-party-licences.ts';

/** The parts of npm's CycloneDX document that are changed here. */
interface Bom {
  serialNumber?: string;
  metadata: { timestamp: string; component: BomComponent } & Record<string, unknown>;
  components: BomComponent[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

interface BomComponent extends Record<string, unknown> {
  'bom-ref': string;
  name: string;
}

/** The subject of a bill of materials. */
export interface BillSubject {
  version: string;
  stamp: BuildStamp;
  /** `name@version` of the packages whose code it contains. */
  parts: ReadonlySet<string>;
  /** The version of the Node inside the executable. */
  node: string;
}

const SELF = 'llamactl';

/**
 * The bill of materials of a release, as CycloneDX: the packages whose code it contains, with npm's checksums, and the
 * Node inside the executable.
 *
 * @param root Of the checkout; its lock file lists the packages.
 * @param folders Of the packages whose code is in the program.
 * @throws {Error} the lock file and the installed packages differ
 */
export async function billOfMaterials(
  root: string,
  folders: readonly string[],
  subject: Omit<BillSubject, 'parts'>,
): Promise<string> {
  const facts = await Promise.all(folders.map(packageFacts));
  const parts = new Set(facts.map(({ name, version }) => `${name}@${version}`));
  const [npm, ...first] = npmCommand();
  // All packages: with `--omit dev` npm 11 leaves out packages that tests need too.
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  const { stdout } = await runTool(npm, [...first, ...words], { environment: process.env, directory: root });
  return `${JSON.stringify(narrowed(JSON.parse(stdout) as Bom, { ...subject, parts }), null, 2)}\n`;
}

/** Reduces npm's bill of the workspaces to the code in the program. The same source gives the same result. */
export function narrowed(bom: Bom, { version, stamp, parts, node }: BillSubject): Bom {
  const { serialNumber: _, ...rest } = bom;
  const kept = bom.components.filter((component) => parts.has(component['bom-ref']));
  const missing = [...parts].filter((part) => !kept.some((component) => component['bom-ref'] === part));
  if (missing.length > 0) throw new Error(`package-lock.json does not have ${missing.join(', ')}`);
  const self = `${SELF}@${version}`;
  const runtime = nodeComponent(node);
  const refs = new Set([...parts, runtime['bom-ref']]);
  return {
    ...rest,
    metadata: {
      ...bom.metadata,
      timestamp: stamp.time,
      // npm, which reads only the lock file, says `pre-build`.
      lifecycles: [{ phase: 'build' }],
      component: {
        ...bom.metadata.component,
        'bom-ref': self,
        name: SELF,
        version,
        purl: `pkg:npm/${SELF}@${version}`,
        ...(stamp.commit !== null && { properties: [{ name: 'commit', value: stamp.commit }] }),
      },
    },
    components: [...kept, runtime],
    dependencies: [
      { ref: self, dependsOn: [...refs].toSorted() },
      ...bom.dependencies
        .filter(({ ref }) => parts.has(ref))
        .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) })),
      { ref: runtime['bom-ref'], dependsOn: [] },
    ],
  };
}

/** Describes Node, which npm does not list. Vulnerabilities of Node are listed under this CPE name. */
function nodeComponent(version: string): BomComponent {
  return {
    'bom-ref': `node@${version}`,
    type: 'platform',
    name: 'node',
    version,
    description: 'In the executable; brought along by the npm package on Linux.',
    // Node's own licence, and that of most code inside it.
    licenses: [{ license: { id: 'MIT' } }],
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    purl: `pkg:generic/node@${version}`,
  };
}

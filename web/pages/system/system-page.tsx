import { UnbuiltPage } from '../../shell/unbuilt-page.tsx';

/** The machine, its GPUs, alerts and engines. */
export function SystemPage() {
  return <UnbuiltPage place="system" />;
}

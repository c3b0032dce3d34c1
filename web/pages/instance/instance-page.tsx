import { UnbuiltPage } from '../../shell/unbuilt-page.tsx';

/** One instance: overview, logs, requests, settings, events, use. */
export function InstancePage() {
  return <UnbuiltPage place="instances" />;
}

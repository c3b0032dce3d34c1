import { UnbuiltPage } from '../../shell/unbuilt-page.tsx';

/** The configuration, and the fleet as a file. */
export function SettingsPage() {
  return <UnbuiltPage place="settings" />;
}

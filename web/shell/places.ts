import type { Role } from '@llamactl/client';
import type { IconName } from '../components/icons.tsx';

/** One of the seven places. */
export interface Place {
  id: 'instances' | 'playground' | 'models' | 'requests' | 'system' | 'access' | 'settings';
  to: '/instances' | '/playground' | '/models' | '/requests' | '/system' | '/access' | '/settings';
  icon: IconName;
  /** The second key of `g`. */
  key: string;
  /** Roles below it do not see the place. */
  needs: Role;
  /** Whether the bar at the bottom of a narrow screen has it; the others are behind "More". */
  isInBar: boolean;
}

/** The places of the navigation, in its order. */
export const PLACES: readonly Place[] = [
  { id: 'instances', to: '/instances', icon: 'instances', key: 'i', needs: 'viewer', isInBar: true },
  { id: 'playground', to: '/playground', icon: 'playground', key: 'p', needs: 'operator', isInBar: true },
  { id: 'models', to: '/models', icon: 'models', key: 'm', needs: 'viewer', isInBar: false },
  { id: 'requests', to: '/requests', icon: 'requests', key: 'r', needs: 'viewer', isInBar: true },
  { id: 'system', to: '/system', icon: 'system', key: 's', needs: 'viewer', isInBar: true },
  { id: 'access', to: '/access', icon: 'access', key: 'a', needs: 'viewer', isInBar: false },
  { id: 'settings', to: '/settings', icon: 'settings', key: ',', needs: 'admin', isInBar: false },
];

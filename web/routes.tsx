import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  type AsyncRouteComponent,
} from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { ErrorState, NotFoundState } from './components/error-state.tsx';
import { laterPart } from './components/later-part.tsx';
import { accessSearch } from './pages/access/access-search.ts';
import { apiSearch } from './pages/api/api-search.ts';
import { instanceSearch } from './pages/instance/instance-search.ts';
import { instancesSearch } from './pages/instances/instances-search.ts';
import { modelsSearch } from './pages/models/models-search.ts';
import { editSearch, newSearch } from './pages/new/new-search.ts';
import { playgroundSearch } from './pages/playground/playground-search.ts';
import { requestsSearch } from './pages/requests/requests-search.ts';
import { settingsSearch } from './pages/settings/settings-search.ts';
import { systemSearch } from './pages/system/system-search.ts';
import { placeOfDocs } from './lib/docs-address.ts';
import { numberTypedAddresses } from './lib/typed-address.ts';
import { Frame } from './shell/frame.tsx';

/** All addresses of the page. Each page is a file of its own that comes when it is first opened. */

/** A page, which its file exports under a name. The type of the file must not be needed here, since it has that of the router. */
function later<Module extends object>(load: () => Promise<Module>, name: keyof Module): AsyncRouteComponent<unknown> {
  const page = async (): Promise<ComponentType> => {
    const exported: unknown = (await load())[name];
    if (!isPage(exported)) throw new Error(`${String(name)} is no component`);
    return exported;
  };
  return lazyRouteComponent(laterPart(page));
}

function isPage(value: unknown): value is ComponentType {
  return typeof value === 'function';
}

const root = createRootRoute({ component: Frame, notFoundComponent: () => <NotFoundState /> });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    // oxlint-disable-next-line typescript/only-throw-error -- the router's way
    throw redirect({ to: '/instances', replace: true });
  },
});

const instances = createRoute({
  getParentRoute: () => root,
  path: '/instances',
  validateSearch: instancesSearch,
  component: later(() => import('./pages/instances/instances-page.tsx'), 'InstancesPage'),
});

const instance = createRoute({
  getParentRoute: () => root,
  path: '/instances/$name',
  validateSearch: instanceSearch,
  component: later(() => import('./pages/instance/instance-page.tsx'), 'InstancePage'),
});

const edit = createRoute({
  getParentRoute: () => root,
  path: '/instances/$name/edit',
  validateSearch: editSearch,
  component: later(() => import('./pages/new/edit-page.tsx'), 'EditPage'),
});

// Not below `/instances`, where an instance may have the name `new`.
const create = createRoute({
  getParentRoute: () => root,
  path: '/new',
  validateSearch: newSearch,
  component: later(() => import('./pages/new/new-page.tsx'), 'NewPage'),
});

const playground = createRoute({
  getParentRoute: () => root,
  path: '/playground',
  validateSearch: playgroundSearch,
  component: later(() => import('./pages/playground/playground-page.tsx'), 'PlaygroundPage'),
});

const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  validateSearch: modelsSearch,
  component: later(() => import('./pages/models/models-page.tsx'), 'ModelsPage'),
});

const requests = createRoute({
  getParentRoute: () => root,
  path: '/requests',
  validateSearch: requestsSearch,
  component: later(() => import('./pages/requests/requests-page.tsx'), 'RequestsPage'),
});

const system = createRoute({
  getParentRoute: () => root,
  path: '/system',
  validateSearch: systemSearch,
  component: later(() => import('./pages/system/system-page.tsx'), 'SystemPage'),
});

const access = createRoute({
  getParentRoute: () => root,
  path: '/access',
  validateSearch: accessSearch,
  component: later(() => import('./pages/access/access-page.tsx'), 'AccessPage'),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  validateSearch: settingsSearch,
  component: later(() => import('./pages/settings/settings-page.tsx'), 'SettingsPage'),
});

const api = createRoute({
  getParentRoute: () => root,
  path: '/api',
  validateSearch: apiSearch,
  component: later(() => import('./pages/api/api-page.tsx'), 'ApiPage'),
});

const fromDocs = placeOfDocs(location.href);
if (fromDocs !== null) window.history.replaceState(null, '', location.pathname + fromDocs);

numberTypedAddresses(() => history);
const history = createHashHistory();

/** The router of the page. Addresses stand in the hash, so that they work under every prefix. */
export const router = createRouter({
  routeTree: root.addChildren([
    home,
    instances,
    instance,
    edit,
    create,
    playground,
    models,
    requests,
    system,
    access,
    settings,
    api,
  ]),
  history,
  defaultPreload: 'intent',
  defaultErrorComponent: ({ error, reset }) => <ErrorState error={error} onRetry={reset} />,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

/*
 * The pattern of the route that has handled a request of Express. Express tells it in parts: `request.route.path` is a pattern, but
 * `request.baseUrl` is the part of the path that the mount points have matched, with the values of their parameters, in the
 * upper and lower case of the client. So the patterns of the mount points are looked up in the routers. The path of a request
 * never becomes a part of a name: it would give each client names of its own.
 */

import { matches, type Path, pathOf, prefixOf, type RouterLayer, textOf } from "./router-layer.ts";

/** The parts of a router and of an application that this file reads. */
interface Router {
  readonly stack?: readonly Layer[] | undefined;
  /** The router of an application of Express 5. In Express 4, reading it throws. */
  readonly router?: Router | undefined;
  /** The router of an application of Express 4. */
  readonly _router?: Router | undefined;
  /** Express 4 only. */
  readonly lazyrouter?: unknown;
}

/** An entry of a router: a route, or a function that is mounted at a path, such as a router or an application. */
interface Layer extends RouterLayer {
  readonly route?: Route | undefined;
  readonly handle: Router;
}

interface Route {
  readonly path: Path;
}

interface Application extends Router {
  /** Where, and in which application, this application is mounted. */
  readonly mountpath?: Path | undefined;
  readonly parent?: Application | undefined;
}

/** The parts of a request that this file reads. */
export interface RoutedRequest {
  readonly app?: unknown;
  readonly baseUrl?: string | undefined;
  readonly route?: unknown;
}

/** One way to a route: the layers from the application to it, and the pattern of all paths above the route. */
interface Mount {
  readonly layers: readonly Layer[];
  readonly pattern: string;
  /** Whether the application is mounted in another one, so that the base of its requests begins with more than its layers. */
  readonly isBelow: boolean;
}

const mounts = new WeakMap<Route, readonly Mount[]>();

/** The pattern of the last route that has matched a request. Undefined before the first match, and if no route matches. */
export function routePattern(request: RoutedRequest): string | undefined {
  const route = request.route as Route | undefined; // the types of Express leave it open
  if (route === undefined) return undefined;
  return mountPattern(route, request) + textOf(route.path);
}

function mountPattern(route: Route, { app, baseUrl = "" }: RoutedRequest): string {
  const known = mounts.get(route)?.find((mount) => leadsTo(mount, baseUrl));
  if (known !== undefined) return known.pattern;
  // The first request of this route, or a router that was mounted once more in the meantime.
  const found = app === undefined ? [] : mountsOf(route, app as Application); // the types of Express leave it open
  if (found.length > 0) mounts.set(route, found);
  // A request that went on behind its route has another base: then any way is right.
  const mount = found.find((one) => leadsTo(one, baseUrl)) ?? found[0];
  // Without a way, a function of the user calls the router: its mount point is not known.
  return mount?.pattern ?? (baseUrl === "" ? "" : "(mount)");
}

function leadsTo({ layers, isBelow }: Mount, baseUrl: string): boolean {
  if (!isBelow) return matches(layers, baseUrl);
  for (let at = 0; at >= 0; at = baseUrl.indexOf("/", at + 1))
    if (matches(layers, baseUrl.slice(at))) return true;
  return matches(layers, "");
}

/** All ways to a route in an application. */
function mountsOf(route: Route, app: Application): Mount[] {
  let above = "";
  for (let at = app; at.parent !== undefined; at = at.parent)
    above = `${prefixOf(at.mountpath ?? "/")}${above}`;
  const found: Mount[] = [];
  collect(app, []);
  return found;

  function collect(router: Router, layers: readonly Layer[]): void {
    for (const layer of stackOf(router)) {
      if (layer.route === route) {
        const pattern = above + layers.map((one) => prefixOf(pathOf(one))).join("");
        found.push({ layers, pattern, isBelow: app.parent !== undefined });
      } else if (layer.route === undefined && !layers.includes(layer))
        collect(layer.handle, [...layers, layer]);
    }
  }
}

function stackOf(handle: Router): readonly Layer[] {
  const router = handle.stack ? handle : handle.lazyrouter ? handle._router : handle.router;
  return router?.stack ?? [];
}

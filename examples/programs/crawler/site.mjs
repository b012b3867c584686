// @ts-check
// Three small web sites on loopback, for the crawler. One page is busy twice, one breaks its connection, and one does not exist.
import { once } from "node:events";
import { createServer } from "node:http";

const sizes = { docs: 12, blog: 8, shop: 5 };
const names = /** @type {ReadonlyArray<keyof typeof sizes>} */ (["docs", "blog", "shop"]);

/**
 * Starts the sites.
 *
 * @param {{ holdAfter?: number }} [options] `holdAfter`: after this number of pages no page is answered any more
 */
export async function startSites({ holdAfter = Number.POSITIVE_INFINITY } = {}) {
  let served = 0;
  /** How often each path was asked for. @type {Map<string, number>} */
  const asked = new Map();
  /** The requests that run, and the most at a time, of each site. */
  const load = new Map(names.map((name) => [name, { running: 0, most: 0 }]));

  const sites = await Promise.all(
    names.map(async (name) => {
      const server = createServer((request, response) => {
        const of = /** @type {{ running: number, most: number }} */ (load.get(name));
        of.most = Math.max(of.most, ++of.running);
        response.once("close", () => of.running--);
        const path = `${name}${request.url}`;
        const count = (asked.get(path) ?? 0) + 1;
        asked.set(path, count);
        const page = Number(request.url?.slice(1));
        if (!(page <= sizes[name])) return void response.writeHead(404).end();
        if (path === "blog/3" && count <= 2) return void response.writeHead(503).end();
        if (path === "shop/5") return void request.destroy();
        if (served >= holdAfter) return; // never answers
        served++;
        response.end(links(name, page).join("\n"));
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      return { name, server, url: `http://127.0.0.1:${port}` };
    }),
  );
  const urlOf = (/** @type {string} */ name) => sites.find((site) => site.name === name)?.url;

  /** Each page links to two of its own site, and the first one to the next site. */
  function links(/** @type {keyof typeof sizes} */ name, /** @type {number} */ page) {
    const own = [2 * page, 2 * page + 1].filter((n) => n <= sizes[name]);
    const next = names[names.indexOf(name) + 1];
    const found = own.map((n) => `${urlOf(name)}/${n}`);
    if (page === 1 && next !== undefined) found.push(`${urlOf(next)}/1`);
    if (page === 1 && name === "docs") found.push(`${urlOf(name)}/99`);
    return found;
  }

  return {
    start: `${urlOf("docs")}/1`,
    asked,
    /** The most requests at a time to any of the sites. */
    most: () => Math.max(...[...load.values()].map(({ most }) => most)),
    /** A name that is the same in each run, in the place of the port. */
    label(/** @type {string} */ url) {
      const site = sites.find((each) => url.startsWith(each.url));
      return site === undefined ? url : site.name + url.slice(site.url.length);
    },
    stop() {
      for (const { server } of sites) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

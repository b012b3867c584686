// The built site: its files, its addresses, and a server for it.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { base } from "../navigation.mjs";

export const dist = fileURLToPath(new URL("../.vitepress/dist/", import.meta.url));

/** The files of the site, relative to its folder. */
export const files = () =>
  readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => statSync(dist + name).isFile());

/**
 * The file of an address below the base, as a static host finds it: `how/retry` is `how/retry.html`.
 *
 * @param {string} path without the base, query and anchor
 */
export function fileOf(path) {
  const wanted = decodeURIComponent(path);
  const names = [wanted, `${wanted}.html`, `${wanted.replace(/\/?$/, "/").replace(/^\//, "")}index.html`];
  return names.find((name) => existsSync(dist + name) && statSync(dist + name).isFile());
}

/** @type {Record<string, string>} */
const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".md": "text/markdown; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};

/** Serves the site, compressed as on a host. Returns the address of the front page. */
export async function serve() {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const file = pathname.startsWith(base) ? fileOf(pathname.slice(base.length)) : undefined;
    const type = types[extname(file ?? "404.html")] ?? "application/octet-stream";
    const body = readFileSync(dist + (file ?? "404.html"));
    const compressed = type.startsWith("font/") ? body : gzipSync(body);
    response.writeHead(file === undefined ? 404 : 200, {
      "content-type": type,
      ...(compressed !== body && { "content-encoding": "gzip" }),
    });
    response.end(compressed);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    address: `http://127.0.0.1:${port}${base}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

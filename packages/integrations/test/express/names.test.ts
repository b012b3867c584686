import { describe, expect, test } from "vitest";
import { cancelable } from "../../src/express/index.ts";
import { pathOf } from "../../src/express/router-layer.ts";
import { serve } from "./served.ts";
import { versions } from "./versions.ts";

describe.each(versions)("the name of a request of %s", (_name, express) => {
  test("has the patterns of the route and of all mount points, and never the path (HIN-14)", async () => {
    const { url, ends } = await serve((options) => {
      const app = express();
      app.use(cancelable(options));
      const answer = (_request: unknown, response: { end(): unknown }) => void response.end();
      app
        .get("/plain", answer)
        .get("/users/:id", answer)
        .get(["/a", "/b"], answer)
        .get(/^\/re(x+)$/, answer);
      const orders = express.Router();
      orders.get("/orders/:order", answer).get("/", answer);
      const versioned = express.Router();
      versioned.use("/users/:user", orders);
      app.use("/api/v1.0", versioned);
      app.use("/shops/:shop", orders);
      app.use(["/one", "/two/:x"], orders);
      app.use(/^\/mounted[0-9]+/, orders);
      const inner = express();
      inner.get("/items/:item", answer).use("/deep/:deep", express.Router().get("/end", answer));
      app.use("/inner/:tenant", inner);
      const hidden = express.Router().get("/found/:x", answer);
      app.use("/hidden/:key", (request, response, next) => hidden(request, response, next));
      return app;
    });
    const names = [
      ["/plain", "GET /plain"],
      ["/users/17", "GET /users/:id"],
      ["/b", "GET (/a|/b)"],
      ["/rexxx", "GET /^\\/re(x+)$/"],
      ["/api/v1.0/users/17/orders/4", "GET /api/v1.0/users/:user/orders/:order"],
      ["/API/v1.0/USERS/17/orders/4", "GET /api/v1.0/users/:user/orders/:order"],
      ["/shops/17/orders/4", "GET /shops/:shop/orders/:order"],
      ["/shops/17", "GET /shops/:shop/"],
      ["/inner/17/items/4", "GET /inner/:tenant/items/:item"],
      ["/inner/17/deep/4/end", "GET /inner/:tenant/deep/:deep/end"],
      ["/hidden/17/found/4", "GET (mount)/found/:x"],
      ["/nothing/17", "GET (no route)"],
      ["/shops/17/nothing/4", "GET (no route)"],
    ] as const;
    for (const [path] of names) await (await fetch(url + path)).text();
    await expect.poll(() => ends.length).toBe(names.length);
    expect(ends.map(({ name }) => name)).toEqual(names.map(([, name]) => name));
    expect(ends.map(({ operation }) => operation.name)).toEqual(names.map(([, name]) => name));
    for (const path of ["/two/17/orders/4", "/mounted17/orders/4"]) await (await fetch(url + path)).text();
    await expect.poll(() => ends.length).toBe(names.length + 2);
    expect(ends.at(-2)?.name).toMatch(/one.*two.*orders\/:order$/);
    expect(ends.at(-1)?.name).toMatch(/mounted\[0-9\]\+.*orders\/:order$/);
    for (const { name } of ends) expect(name).not.toMatch(/17|4$/);
  });

  test("follows a router that is mounted while the application runs, and a request that goes on behind its route", async () => {
    let mount = (): void => {};
    const { url, ends } = await serve((options) => {
      const app = express();
      app.use(cancelable(options));
      const router = express.Router();
      router.get("/orders/:id", (request, response, next) =>
        request.params.id === "next" ? next() : void response.end(),
      );
      app.use("/old/:a", router);
      mount = () => void app.use("/new/:b", router);
      return app;
    });
    await (await fetch(`${url}/old/1/orders/2`)).text();
    mount();
    await (await fetch(`${url}/new/1/orders/2`)).text();
    await (await fetch(`${url}/new/1/orders/next`)).text();
    await expect.poll(() => ends.length).toBe(3);
    expect(ends.map(({ name, status }) => [name, status])).toEqual([
      ["GET /old/:a/orders/:id", 200],
      ["GET /new/:b/orders/:id", 200],
      ["GET /old/:a/orders/:id", 404],
    ]);
  });

  test("is fixed before a route has matched", async () => {
    const seen: string[] = [];
    const { url } = await serve((options) => {
      const app = express();
      app.use(cancelable(options));
      app.use((request, _response, next) => {
        seen.push(request.operation.name);
        next();
      });
      app.get("/users/:id", (request, response) => void response.end(request.operation.name));
      return app;
    });
    expect(await (await fetch(`${url}/users/17`)).text()).toBe("GET /users/:id");
    expect(seen).toEqual(["GET (no route)"]);
  });
});

test("the patterns of mount points are found in the layers of Express 4.18, too (HIN-14)", () => {
  const match = () => false;
  const regexp = /^\/users\/(?:([^\/]+?))\/orders\/(?:([^\/]+?))\/?(?=\/|$)/i;
  const keys = [{ name: "user" }, { name: "order" }];
  expect(pathOf({ regexp, keys, match })).toBe("/users/:user/orders/:order");
  const own = /^\/re(x+)/;
  expect(pathOf({ regexp: own, keys: [{ name: 0 }], match })).toBe(own);
});

// A service of the chain: `chain-service.mjs <name> [port of the next service]`. It tells its parent what it sees.
import { once } from "node:events";
import { createServer } from "node:http";
import { currentDeadline, getBackend, sleep } from "../../../cancelable/dist/node/index.js";
import { fetch } from "../../dist/fetch/index.js";
import { requestListener } from "../../dist/node-http/index.js";

const [name, next] = process.argv.slice(2);
/** @param {object} message */
const tell = (message) => process.send?.({ name, ...message });

const server = createServer(
  requestListener(
    async (_request, response) => {
      tell({ left: currentDeadline() - getBackend().now() });
      if (next === undefined) await sleep({ minutes: 10 });
      else response.end(await (await fetch(`http://127.0.0.1:${next}/`)).text());
    },
    {
      callerDeadline: { trust: true, hopBudget: 5 },
      onEnd: ({ reason, status }) => tell({ reason, status }),
    },
  ),
);
await once(server.listen(0, "127.0.0.1"), "listening");
tell({ port: /** @type {import("node:net").AddressInfo} */ (server.address()).port });
process.on("disconnect", () => process.exit());

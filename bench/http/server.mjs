// The process of one server: `server.mjs <framework> <variant>`. It sends its port, and answers each message with the CPU time that
// the process has used, in µs.
import { once } from "node:events";
import { frameworks } from "./variants.mjs";

const [framework = "", variant = ""] = process.argv.slice(2);
const start = frameworks[framework]?.[/** @type {"bare"} */ (variant)];
if (start === undefined) throw new RangeError(`no server ${framework} ${variant}`);
const server = start();
await once(server.listen(0, "127.0.0.1"), "listening");
const address = /** @type {import("node:net").AddressInfo} */ (server.address());
process.send?.(address.port);
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.on("disconnect", () => process.exit());

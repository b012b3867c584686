// An MCP server over stdio: `stdio-server.mjs <file>`. It appends what its tool sees to the file.
import { appendFileSync } from "node:fs";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import {
  currentDeadline,
  currentOperation,
  shield,
  sleep,
  sleepForever,
} from "../../../cancelable/dist/node/index.js";
import { cancellableMcp } from "../../dist/mcp/index.js";

// The client sends SIGTERM 2 s after the end of the input, and SIGKILL 2 s later: a process that stands still has more time.
process.on("SIGTERM", () => {});

const [file] = process.argv.slice(2);
/** @param {string} line */
const tell = (line) => appendFileSync(/** @type {string} */ (file), `${line}\n`);

const server = cancellableMcp(new McpServer({ name: "server", version: "1" }), { deadline: true });
server.registerTool("wait", { description: "waits" }, async () => {
  const operation = currentOperation();
  const message = currentDeadline() < Number.POSITIVE_INFINITY ? "with a deadline" : "without a deadline";
  operation?.reportProgress({ current: 1, message });
  try {
    return await sleepForever();
  } finally {
    await shield(() => sleep(10));
    tell(`${operation?.error?.reason}: ${operation?.error?.message}`);
  }
});
await server.connect(new StdioServerTransport());

// An MCP server over stdio: `stdio-server.mjs <file>`. It appends what its tool sees to the file.
import { appendFileSync } from "node:fs";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { currentOperation, shield, sleep, sleepForever } from "../../../cancelable/dist/node/index.js";
import { cancellableMcp } from "../../dist/mcp/index.js";

const [file] = process.argv.slice(2);
/** @param {string} line */
const tell = (line) => appendFileSync(/** @type {string} */ (file), `${line}\n`);

const server = cancellableMcp(new McpServer({ name: "server", version: "1" }), { deadline: true });
server.registerTool("wait", { description: "waits" }, async () => {
  const operation = currentOperation();
  operation?.reportProgress({ current: 1, message: "begun" });
  try {
    return await sleepForever();
  } finally {
    await shield(() => sleep(10));
    tell(`${operation?.error?.reason}: ${operation?.error?.message}`);
  }
});
await server.connect(new StdioServerTransport());

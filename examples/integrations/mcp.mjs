// @ts-check
// A tool call of the Model Context Protocol ends in the server when its caller in the client is cancelled.
import { Cancellable, currentOperation, sleepForever } from "@hother/cancelable";
import { cancellableMcp } from "@hother/cancelable-integrations/mcp";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";

const server = cancellableMcp(new McpServer({ name: "files", version: "1" }));
server.registerTool("index", { description: "reads all files" }, async () => {
  const tool = currentOperation();
  try {
    tool?.reportProgress({ current: 1, total: 10 });
    return await sleepForever();
  } finally {
    console.log(tool?.name, "stops:", tool?.error?.reason, "-", tool?.error?.message);
  }
});

const client = cancellableMcp(new Client({ name: "editor", version: "1" }));
const [near, far] = InMemoryTransport.createLinkedPair();
await Promise.all([server.connect(far), client.connect(near)]);

const op = new Cancellable({ name: "index the project" });
op.onProgress((progress) => {
  if (typeof progress === "object") console.log("progress:", progress.current, "of", progress.total);
  op.cancel("disconnect", "the user has closed the editor");
});
const outcome = await op.settle(() => client.callTool({ name: "index" }));
console.log(op.label, outcome.status, op.context.cancelReason);
await client.close();

// prints:
// progress: 1 of 10
// tools/call index stops: disconnect - the user has closed the editor
// operation "index the project" cancelled disconnect

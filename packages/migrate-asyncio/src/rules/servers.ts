import { type AsyncioRule, reviewRule } from "../rule.ts";

export const serversRule: AsyncioRule = reviewRule({
  name: "servers",
  apis: ["start_server", "start_unix_server", "Server", "AbstractServer"],
  class: "M",
  summary: "stream servers",
  target: "anyio.create_tcp_listener(...).serve(handler)",
  reason: "The handler gets one stream, and the listener serves it inside a task group.",
  suggestion: "Use `listener = await anyio.create_tcp_listener(…)` and `await listener.serve(handler)`.",
});

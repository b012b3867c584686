import { type AsyncioRule, reviewRule } from "../rule.ts";

export const serversRule: AsyncioRule = reviewRule({
  name: "servers",
  apis: ["start_server", "start_unix_server", "Server", "AbstractServer"],
  class: "M",
  summary: "stream servers",
  target: "anyio.create_tcp_listener(...).serve(handler)",
  reason: "the handler gets one stream and is served inside a task group",
  suggestion: "`listener = await anyio.create_tcp_listener(…); await listener.serve(handler)`",
});

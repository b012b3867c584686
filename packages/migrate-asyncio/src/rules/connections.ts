import { type AsyncioRule, reviewRule } from "../rule.ts";

export const connectionsRule: AsyncioRule = reviewRule({
  name: "connections",
  apis: ["open_connection", "open_unix_connection"],
  class: "M",
  summary: "client streams",
  target: "anyio.connect_tcp(), connect_unix()",
  reason: 'At the end, reads raise EndOfStream instead of returning `b""`, and there is no `drain()`.',
  suggestion: "Use `await anyio.connect_tcp(host, port)` with `BufferedByteReceiveStream`.",
});

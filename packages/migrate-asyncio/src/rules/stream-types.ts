import { type AsyncioRule, reviewRule } from "../rule.ts";

export const streamTypesRule: AsyncioRule = reviewRule({
  name: "stream-types",
  apis: ["StreamReader", "StreamWriter", "StreamReaderProtocol"],
  class: "M",
  summary: "stream objects",
  target: "anyio.abc.ByteStream",
  reason: "One byte stream reads and writes, with other methods.",
  suggestion: "Use `anyio.abc.ByteStream` and `BufferedByteReceiveStream`.",
});

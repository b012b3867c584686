import { type AsyncioRule, reviewRule } from "../rule.ts";

export const streamTypesRule: AsyncioRule = reviewRule({
  name: "stream-types",
  apis: ["StreamReader", "StreamWriter", "StreamReaderProtocol"],
  class: "M",
  summary: "stream objects",
  target: "anyio.abc.ByteStream",
  reason: "one byte stream does both, with other methods",
  suggestion: "`anyio.abc.ByteStream`, `BufferedByteReceiveStream`",
});

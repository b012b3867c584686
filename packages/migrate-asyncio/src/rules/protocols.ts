import { type AsyncioRule, reviewRule } from "../rule.ts";

export const protocolsRule: AsyncioRule = reviewRule({
  name: "protocols",
  apis: [
    "Protocol",
    "BufferedProtocol",
    "DatagramProtocol",
    "SubprocessProtocol",
    "BaseProtocol",
    "Transport",
    "BaseTransport",
    "ReadTransport",
    "WriteTransport",
    "DatagramTransport",
    "SubprocessTransport",
  ],
  class: "X",
  summary: "callback protocols and transports",
  target: "none",
  reason: "anyio has no protocols and transports.",
  suggestion: "Use anyio's streams, or keep asyncio for this part.",
});

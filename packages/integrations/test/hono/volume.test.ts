import { hostName } from "../fetch-handler/host.ts";
import { testVolume } from "../server-kit/test-volume.ts";
import { hono, honoHttp2 } from "./hono-hosts.ts";

testVolume(hono);
// The servers of HTTP/2 on Bun and Deno differ. Hono does not use them there.
if (hostName === "Node") testVolume(honoHttp2);

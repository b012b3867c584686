import { hostName } from "../fetch-handler/host.ts";
import { testServer } from "../server-kit/test-server.ts";
import { hono, honoHttp2 } from "./hono-hosts.ts";

testServer(hono);
// The servers of HTTP/2 on Bun and Deno differ. Hono does not use them there.
if (hostName === "Node") testServer(honoHttp2);

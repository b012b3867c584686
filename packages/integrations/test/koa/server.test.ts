import { testServer } from "../server-kit/test-server.ts";
import { koaHosts } from "./koa-hosts.ts";

for (const host of koaHosts) testServer(host);

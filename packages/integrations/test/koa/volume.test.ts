import { testVolume } from "../server-kit/test-volume.ts";
import { koaHosts } from "./koa-hosts.ts";

for (const host of koaHosts) testVolume(host);

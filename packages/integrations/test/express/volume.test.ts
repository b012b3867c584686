import { testVolume } from "../server-kit/test-volume.ts";
import { expressHosts } from "./express-hosts.ts";

for (const host of expressHosts) testVolume(host);

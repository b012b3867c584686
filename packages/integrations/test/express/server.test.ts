import { testServer } from "../server-kit/test-server.ts";
import { expressHosts } from "./express-hosts.ts";

for (const host of expressHosts) testServer(host);

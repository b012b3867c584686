import { testServer } from "../server-kit/test-server.ts";
import { nodeHttp, nodeHttp2 } from "./node-hosts.ts";

testServer(nodeHttp);
testServer(nodeHttp2);

import { testVolume } from "../server-kit/test-volume.ts";
import { nodeHttp, nodeHttp2 } from "./node-hosts.ts";

testVolume(nodeHttp);
testVolume(nodeHttp2);

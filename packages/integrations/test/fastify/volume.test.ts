import { testVolume } from "../server-kit/test-volume.ts";
import { fastifyHttp1, fastifyHttp2 } from "./fastify-hosts.ts";

testVolume(fastifyHttp1);
testVolume(fastifyHttp2);

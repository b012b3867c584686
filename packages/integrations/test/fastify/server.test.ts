import { testServer } from "../server-kit/test-server.ts";
import { fastifyHttp1, fastifyHttp2 } from "./fastify-hosts.ts";

testServer(fastifyHttp1);
testServer(fastifyHttp2);

// @ts-check
// A trace of three services, in which one branch is cancelled. Prints the drawing of docs/integrations/otel.md.
import { once } from "node:events";
import { createServer } from "node:http";
import { Cancellable, Event, sleepForever, taskGroup } from "@hother/cancelable";
import { fetch } from "@hother/cancelable-integrations/fetch";
import { requestListener } from "@hother/cancelable-integrations/node-http";
import { traceContext, traceOperations } from "@hother/cancelable-integrations/otel";
import { context, propagation, SpanKind } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { drawTrace } from "../../demo/service/draw-trace.mjs";

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

/**
 * Starts a service, whose requests and operations have spans.
 *
 * @param {string} name
 * @param {(traced: import("@hother/cancelable").OperationObserver) => Promise<string>} answer
 */
async function serve(name, answer) {
  const tracer = provider.getTracer(name);
  const traced = traceOperations({ tracer });
  const ended = new Event();
  const listener = requestListener(
    async (_request, response) => {
      response.end(await answer(traced));
    },
    {
      register: traceOperations({ tracer, kind: SpanKind.SERVER }),
      route: () => `/${name}`,
      // The request belongs to the trace of its client.
      metadata: ({ headers: { traceparent } }) => ({ traceparent }),
      onEnd: () => ended.set(),
    },
  );
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/`, ended, server };
}

/** @param {string} url */
const get = async (url) => (await fetch(url, { headers: traceContext() })).text();

const pricesAreQueried = new Event();

const prices = await serve("prices", (traced) =>
  new Cancellable({ name: "query prices", register: traced }).run(() => {
    pricesAreQueried.set();
    return sleepForever(); // a slow query
  }),
);
const stock = await serve("stock", async (traced) => {
  await pricesAreQueried.wait();
  return new Cancellable({ name: "query stock", register: traced }).run(() => "0");
});
const shop = await serve("shop", async (traced) => {
  const pricesOf = new Cancellable({ name: "load prices", register: traced });
  await taskGroup(async (group) => {
    group.startSoon(() => pricesOf.settle(() => get(prices.url)));
    const left = await new Cancellable({ name: "load stock", register: traced }).run(() => get(stock.url));
    if (left === "0") pricesOf.cancel("superseded", "the product is sold out");
  });
  return "sold out";
});

const traced = traceOperations({ tracer: provider.getTracer("browser"), kind: SpanKind.CLIENT });
await new Cancellable({ name: "show product", register: traced }).run(() => get(shop.url));
for (const { ended, server } of [shop, stock, prices]) {
  await ended.wait();
  server.close();
}
console.log(drawTrace(exporter.getFinishedSpans()));

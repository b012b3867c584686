import type { OperationObserver } from "@hother/cancelable";
import { invalidType, type KnownOptions, requireKnownOptions } from "@hother/cancelable/extending";
import { type Meter, metrics, SpanKind, type Tracer, trace } from "@opentelemetry/api";
import { OperationMetrics } from "./operation-metrics.ts";
import { OperationSpans } from "./operation-spans.ts";

export { spanOf } from "./span-context.ts";
export { type TraceCarrier, traceContext, withTraceContext } from "./trace-carrier.ts";

/** The options of {@link traceOperations}. */
export interface TraceOptions {
  /** Makes the spans. Default: the tracer of the global provider. */
  readonly tracer?: Tracer | undefined;
  /** Makes the metrics. Default: the meter of the global provider, when the first operation starts. */
  readonly meter?: Meter | undefined;
  /** The kind of the spans, such as `SpanKind.SERVER` for the requests of a server. Default: `SpanKind.INTERNAL`. */
  readonly kind?: SpanKind | undefined;
}

const known: KnownOptions<TraceOptions> = { tracer: 1, meter: 1, kind: 1 };
const scope = "@hother/cancelable-integrations";

/**
 * Returns an observer that makes a span for each operation that has it as its option `register`, and counts these operations.
 * The span is the active span in the body of the operation. It ends when the body has ended, before the callbacks for the end.
 *
 * A cancellation is the event `cancelable.cancellation` of the span, with its reason and its origin, and a link to the span of
 * the code that cancelled. A cancelled operation leaves the status of the span unset. A failed operation sets the status to
 * error, and so does an operation whose own time limit has passed, with the `error.type` `timeout`.
 *
 * @throws TypeError for a wrong option.
 * @example
 * ```ts
 * import { Cancellable, sleep } from "@hother/cancelable";
 * import { traceOperations } from "@hother/cancelable-integrations/otel";
 * import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
 *
 * const exporter = new InMemorySpanExporter();
 * const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
 * const traced = traceOperations({ tracer: provider.getTracer("example") });
 *
 * const op = new Cancellable({ name: "report", register: traced });
 * const ending = op.settle(() => sleep({ minutes: 1 }));
 * op.cancel("quota", "too many reports");
 * await ending;
 * const [span] = exporter.getFinishedSpans();
 * console.assert(span?.name === "report" && span.status.code === 0); // unset: a cancellation is no error
 * console.assert(span?.events[0]?.attributes?.["cancelable.cancel.reason"] === "quota");
 * ```
 */
export function traceOperations(options?: TraceOptions): OperationObserver {
  requireKnownOptions(options, known, "traceOperations");
  const { tracer, meter, kind = SpanKind.INTERNAL } = options ?? {};
  if (tracer !== undefined && typeof (tracer as Partial<Tracer> | null)?.startSpan !== "function")
    throw invalidType("options.tracer", "a tracer of OpenTelemetry", tracer);
  if (meter !== undefined && typeof (meter as Partial<Meter> | null)?.createHistogram !== "function")
    throw invalidType("options.meter", "a meter of OpenTelemetry", meter);
  if (!Object.values(SpanKind).includes(kind)) throw invalidType("options.kind", "a SpanKind", kind);
  return new OperationSpans(
    tracer ?? trace.getTracer(scope),
    kind,
    () => new OperationMetrics(meter ?? metrics.getMeter(scope)),
  );
}

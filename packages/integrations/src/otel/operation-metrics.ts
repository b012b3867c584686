import type { ObservedOperation } from "@hother/cancelable";
import type { Attributes, Counter, Histogram, Meter, UpDownCounter } from "@opentelemetry/api";
import { failureOf } from "./operation-end.ts";

/** The limits of the buckets in seconds: those that the conventions of OpenTelemetry give for durations. */
const seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** A cancellation is to end an operation at once. */
const shortSeconds = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10];

/** The metrics of the operations that are traced. */
export class OperationMetrics {
  readonly #active: UpDownCounter;
  readonly #ended: Counter;
  readonly #duration: Histogram;
  readonly #latency: Histogram;

  constructor(meter: Meter) {
    this.#active = meter.createUpDownCounter("cancelable.operation.active", {
      description: "Operations that run",
      unit: "{operation}",
    });
    this.#ended = meter.createCounter("cancelable.operation.ended", {
      description: "Operations that have ended, by status and by reason of the cancellation",
      unit: "{operation}",
    });
    this.#duration = meter.createHistogram("cancelable.operation.duration", {
      description: "From the start to the end of an operation",
      unit: "s",
      advice: { explicitBucketBoundaries: seconds },
    });
    this.#latency = meter.createHistogram("cancelable.operation.cancel.duration", {
      description: "From the cancellation to the end of a cancelled operation",
      unit: "s",
      advice: { explicitBucketBoundaries: shortSeconds },
    });
  }

  started(named: Attributes): void {
    this.#active.add(1, named);
  }

  /**
   * @param named The attributes with which {@link started} was called.
   * @param cancelledAt The duration of the operation until its cancellation, in ms.
   */
  ended(operation: ObservedOperation, named: Attributes, cancelledAt: number | undefined): void {
    const { name, context } = operation;
    const { status, cancelReason, duration = 0 } = context;
    const attributes: Attributes = { "cancelable.operation.status": status };
    // A request can learn its name after its start.
    if (name !== undefined) attributes["cancelable.operation.name"] = name;
    if (status === "cancelled" && cancelReason !== undefined)
      attributes["cancelable.cancel.reason"] = cancelReason;
    const failure = failureOf(operation);
    if (failure !== undefined) attributes["error.type"] = failure.type;
    this.#active.add(-1, named);
    this.#ended.add(1, attributes);
    this.#duration.record(duration / 1_000, attributes);
    if (cancelledAt !== undefined) this.#latency.record((duration - cancelledAt) / 1_000, attributes);
  }
}

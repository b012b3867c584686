import { channel } from "node:diagnostics_channel";

const operations = channel("cancelable:operation");

/** An operation as the channel shows it. */
interface Shown {
  readonly context: { toJSON(): unknown; readonly failure: { readonly error: unknown } | undefined };
}

/** Publishes a snapshot of the operation, and the error of an operation that has failed. */
const publish =
  (type: string) =>
  ({ context }: Shown): void => {
    const event = { type, operation: context.toJSON() };
    const { failure } = context;
    operations.publish(failure === undefined ? event : { ...event, error: failure.error });
  };

interface ChannelObserver {
  started(operation: Shown): void;
  progress(operation: Shown): void;
  cancelling(operation: Shown): void;
  ended(operation: Shown): void;
}

const observer: ChannelObserver = {
  started: publish("started"),
  progress: publish("progress"),
  cancelling: publish("cancelling"),
  ended: publish("ended"),
};

/** The observer that publishes on the diagnostics channel `cancelable:operation`, while the channel has subscribers. */
export function channelObserver(): ChannelObserver | undefined {
  return operations.hasSubscribers ? observer : undefined;
}

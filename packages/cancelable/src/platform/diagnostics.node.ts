import { channel } from "node:diagnostics_channel";

const operations = channel("cancelable:operation");

/** Whether the channel has subscribers. Without a subscriber no event is created. */
export function isObserved(): boolean {
  return operations.hasSubscribers;
}

/** Publishes an event on the diagnostics channel `cancelable:operation`. */
export function publish(event: object): void {
  operations.publish(event);
}

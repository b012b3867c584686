import { channel } from "node:diagnostics_channel";

const operations = channel("cancelable:operation");

/** Whether anybody listens; asked before an event is made. */
export function isObserved(): boolean {
  return operations.hasSubscribers;
}

/** Publishes on `diagnostics_channel` `cancelable:operation`. */
export function publish(event: object): void {
  operations.publish(event);
}

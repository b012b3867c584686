/** Every status, in the order of a life. */
export const operationStatuses = [
  "pending",
  "running",
  "shielded",
  "completed",
  "cancelled",
  "failed",
] as const;

/** Where an operation is in its life. A timeout is `cancelled` with reason `timeout`. */
export type OperationStatus = (typeof operationStatuses)[number];

/** How an operation can end. */
export type EndedStatus = Extract<OperationStatus, "completed" | "cancelled" | "failed">;

export function hasEnded(status: OperationStatus): status is EndedStatus {
  return status === "completed" || status === "cancelled" || status === "failed";
}

/** A failure that a scenario causes on purpose. It is not reported as a problem. */
export class PlannedFailure extends Error {
  constructor() {
    super("planned");
    this.name = "PlannedFailure";
  }
}

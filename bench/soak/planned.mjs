/** A failure that a scenario means to have: nobody needs to hear of it. */
export class PlannedFailure extends Error {
  constructor() {
    super("planned");
    this.name = "PlannedFailure";
  }
}

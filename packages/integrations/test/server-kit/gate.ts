/** A promise that the test fulfils. It knows nothing of cancellation. */
export class Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
  constructor() {
    let open: () => void = () => {};
    this.opened = new Promise((resolve) => {
      open = resolve;
    });
    this.open = open;
  }
}

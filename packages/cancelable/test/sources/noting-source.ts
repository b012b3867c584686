import { CancellationSource, type SourceSink } from "../../src/index.ts";

/** A source that records its starts and stops, and may throw in one of them. */
export class Noting extends CancellationSource {
  sink: SourceSink | undefined;
  readonly log: string[];
  readonly fails: "start" | "stop" | undefined;
  constructor(name: string, log: string[], fails?: "start" | "stop") {
    super(name);
    this.log = log;
    this.fails = fails;
  }
  override start(sink: SourceSink): Disposable {
    this.log.push(`start ${this.name}`);
    if (this.fails === "start") throw new Error(`cannot start ${this.name}`);
    this.sink = sink;
    return {
      [Symbol.dispose]: () => {
        this.log.push(`stop ${this.name}`);
        if (this.fails === "stop") throw new Error(`cannot stop ${this.name}`);
      },
    };
  }
}

// For a test that compiles it with experimentalDecorators.
import { cancellable } from "../../../src/index.ts";

export class Service {
  @cancellable({ timeout: 5 })
  async load(): Promise<void> {}
}

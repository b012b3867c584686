import type { Cancellation } from "./cancellation.ts";
import { PolledNodes } from "./polled-nodes.ts";
import { TokenNode } from "./token-node.ts";
import type { CancelNode } from "./tree.ts";

/** The node of a token that can follow others. */
export class FollowingNode extends TokenNode {
  protected polled: PolledNodes | undefined = undefined;

  override get isPolled(): boolean {
    return this.polled !== undefined;
  }

  override check(): void {
    const cancellation = this.pending();
    if (cancellation !== undefined) throw cancellation.error;
  }

  override pending(): Cancellation | undefined {
    if (this.reached === undefined) this.polled?.look(this);
    return this.reached;
  }

  override follow(source: CancelNode): void {
    this.polled ??= new PolledNodes();
    this.polled.add(source);
  }

  override unfollow(source: CancelNode): void {
    this.polled?.delete(source);
    if (this.polled?.isEmpty === true) this.polled = undefined;
  }
}

import { Cancellable, shield, sleep, sleepForever, taskGroup } from "@hother/cancelable";
import { liveScopes } from "@hother/cancelable/inspect";
import { drawTree, type TreeNode } from "../playground/tree.ts";
import { expectSame } from "./expect-same.ts";
import { pictureWidth, record } from "./recorded-run.ts";

/** Picture 4: a cancellation goes down, never up, and a shield stops it. */
export async function drawPicture(): Promise<string> {
  let nodes: TreeNode[] = [];
  await record(() =>
    new Cancellable({ name: "page" }).run(async (page) => {
      const body = new Cancellable({ name: "body" });
      const operation = (name: string, run: () => Promise<unknown>) => () =>
        new Cancellable({ name }).settle(run);
      await taskGroup(async (group) => {
        group.startSoon(operation("header", () => sleep(500)));
        group.startSoon(() =>
          body.settle(() =>
            taskGroup((inner) => {
              inner.startSoon(operation("image", sleepForever));
              inner.startSoon(() =>
                shield(() => new Cancellable({ name: "save draft" }).settle(() => sleep(400)), {
                  name: "shield",
                }),
              );
            }),
          ),
        );
        await sleep(100);
        body.cancel("manual", "the reader has closed it");
        nodes = liveTree(page);
      });
    }),
  );
  const stateOf = (name: string) => nodes.find((node) => node.name === name)?.lines.at(-1);
  expectSame(
    nodes.map(({ name }) => `${name}: ${stateOf(name)}`),
    [
      "page: running",
      "header: running",
      "body: cancelled",
      "image: cancelled",
      "shield: running",
      "save draft: running",
    ],
  );
  return drawTree(nodes, {
    title: "body.cancel() reaches what is below, not what is above or beside, and a shield stops it",
    width: pictureWidth,
    file: true,
    id: "tree",
    notes: [
      "body.cancel() cancels “body” and the operations below it (red arrows). It does not cancel what is above or beside it. A shield stops the cancellation: “save draft” goes on, and “body” waits for it.",
    ],
  });
}

/** The named scopes from `page` down, as `liveScopes` shows them. */
function liveTree(page: Cancellable): TreeNode[] {
  const live = liveScopes(page);
  const isShown = ({ kind, name }: (typeof live)[number]) =>
    kind === "operation" || (kind === "scope" && name !== undefined);
  const shownAbove = (id: number | undefined): string | undefined => {
    const scope = live.find((one) => one.id === id);
    return scope === undefined || isShown(scope) ? scope?.id.toString() : shownAbove(scope.parentId);
  };
  return live.filter(isShown).map((scope) => {
    const parent = shownAbove(scope.parentId);
    const above = live.find(({ id }) => String(id) === parent);
    return {
      key: String(scope.id),
      parent,
      name: scope.name ?? "",
      lines: [scope.kind, scope.isCancelled ? "cancelled" : "running"],
      style: scope.isCancelled ? "ending" : "run",
      edge: !above?.isCancelled ? "none" : scope.isCancelled ? "cancelled" : "stopped",
    };
  });
}

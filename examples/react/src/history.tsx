import { Cancellable, type OperationSnapshot, registry } from "@hother/cancelable";
import { useEffect, useState } from "react";

/** The operations that have ended: those of every component, if they have the option `register`. */
export function History() {
  const [ended, setEnded] = useState<readonly OperationSnapshot[]>([]);
  useEffect(() => {
    const watching = new Cancellable({ name: "history" });
    const events = registry.watch();
    void watching.settle(async (op) => {
      for await (const { type } of op.stream(events)) if (type === "ended") setEnded(registry.history());
    });
    return () => void watching.cancel("unmounted");
  }, []);
  return (
    <section aria-label="History">
      <h2>Ended operations</h2>
      <ol>
        {ended.map(({ id, name, status, cancelReason }) => (
          <li key={id}>{[name, status, cancelReason].filter((part) => part != null).join(" ")}</li>
        ))}
      </ol>
    </section>
  );
}

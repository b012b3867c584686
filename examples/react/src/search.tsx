import { useEffect, useState } from "react";
import { search } from "./search-api.ts";
import { type OperationState, useOperation } from "./use-operation.ts";

/** A search as you type: only the newest request lives. */
export function Search() {
  const [text, setText] = useState("");
  const { state, run, cancel } = useOperation(search, {
    name: "search",
    timeout: { seconds: 30 },
    register: true,
  });
  // The first hits, before the user has typed.
  useEffect(() => run(""), [run]);

  return (
    <section aria-label="Search">
      <label>
        Search for{" "}
        <input
          type="search"
          value={text}
          onChange={({ target }) => {
            setText(target.value);
            run(target.value);
          }}
        />
      </label>{" "}
      <button type="button" onClick={() => cancel("manual", "the user has pressed Stop")}>
        Stop
      </button>
      <p role="status">{describe(state)}</p>
      {state.status === "completed" && (
        <ul aria-label="Hits">
          {state.value.map((hit) => (
            <li key={hit}>{hit}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function describe(state: OperationState<readonly string[]>): string {
  switch (state.status) {
    case "idle":
      return "";
    case "pending":
      return state.progress === undefined ? "searching …" : `searching: ${state.progress}`;
    case "completed":
      return `${state.value.length} hits`;
    case "cancelled":
      return `stopped (${state.reason}): ${state.message}`;
    case "failed":
      return `failed: ${(state.error as Error).message}`;
  }
}

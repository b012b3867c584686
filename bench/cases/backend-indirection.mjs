/** @import { Case } from "../types.mjs" */

const ms = 60_000;
const body = async () => 1;

/** A backend that only passes on to the native one: what it costs beside that is the price of the contract. */
const passingOn = ({ AsyncBackend, getBackend }) => {
  const native = getBackend("native");
  return new (class extends AsyncBackend {
    name = "passing on";
    now() {
      return native.now();
    }
    setTimer(at, fire) {
      return native.setTimer(at, fire);
    }
    current() {
      return undefined;
    }
  })();
};

const loop = (n, { run, moveOnAfter, backend }) =>
  run(
    async () => {
      for (let i = 0; i < n; i += 1) await moveOnAfter(ms, body);
    },
    { backend },
  );

/** @type {Case} */
export default {
  name: "backend-indirection",
  about:
    "The same scope on the native runtime called directly, and through a backend that passes every call on to it; and with three backends registered that are asked for a native task at every use outside of a scope. An operation that waits for something real for 10 µs costs at least 10,000 ns: the difference is to be under 1 % of that.",
  per: "use",
  baseline: "native, directly",
  subjects: {
    "native, directly": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => ({ ...lib, backend: "native" }),
      run: loop,
    },
    "through a backend": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => ({ ...lib, backend: passingOn(lib) }),
      run: loop,
    },
    "outside of every scope": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: async (n, { moveOnAfter }) => {
        for (let i = 0; i < n; i += 1) await moveOnAfter(ms, body);
      },
    },
    "outside, three registered": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: async (n, lib) => {
        const registered = [1, 2, 3].map(() => lib.registerBackend(passingOn(lib)));
        for (let i = 0; i < n; i += 1) await lib.moveOnAfter(ms, body);
        for (const one of registered) one[Symbol.dispose]();
      },
    },
  },
  targets: [{ subject: "through a backend", against: "native, directly", atMostNs: 100 }],
};

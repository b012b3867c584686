/** @import { Case } from "../types.mjs" */

const ms = 60_000;
const body = async () => 1;

/** A backend that forwards every call to the native one. The extra time is the price of the contract for backends. */
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
    "The same scope on the native runtime called directly, through a backend that forwards every call to it, outside every scope, and outside with three registered backends. Outside a scope, each use asks the registered backends for their current task. The target is 1 % of an operation that waits for 10 µs.",
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

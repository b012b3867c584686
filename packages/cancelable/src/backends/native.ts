import { nativeRuntime } from "../runtime/native-runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { AsyncBackend } from "./backend.ts";

/**
 * Plain promises and the timers of the host. The core uses {@link nativeRuntime} directly, so that small bundles do not
 * contain {@link AsyncBackend}. This class offers the same runtime as a backend.
 */
class NativeBackend extends AsyncBackend {
  override readonly name = "native";

  override now(): number {
    return nativeRuntime.now();
  }

  override setTimer(at: number, fire: () => void): Disposable {
    return nativeRuntime.setTimer(at, fire);
  }

  override current(): undefined {
    return undefined;
  }

  protected override get runtime(): Runtime {
    return nativeRuntime;
  }
}

export const nativeBackend: AsyncBackend = new NativeBackend();

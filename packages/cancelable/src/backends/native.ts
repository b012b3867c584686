import { nativeRuntime } from "../runtime/native-runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { AsyncBackend } from "./backend.ts";

/**
 * Plain promises on the host's timers. The core runs on {@link nativeRuntime} itself, which is small;
 * this is the same with everything that {@link AsyncBackend} offers.
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

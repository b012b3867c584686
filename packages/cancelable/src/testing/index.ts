/// <reference lib="esnext.disposable" preserve="true" />
export { AssertionError } from "./assertion-error.ts";
export { assertCancellationWithin } from "./assertions.ts";
export { expectNoLeaks, type LeakOptions, type Listened } from "./leaks.ts";
export { type CancelCall, MockCancellationToken } from "./mock-token.ts";
export {
  type EventFilter,
  OperationRecorder,
  type RecordedData,
  type RecordedEvent,
} from "./recorder.ts";
export { CancellationScenario, type ExpectOptions } from "./scenario.ts";
export { Sequencer } from "./sequencer.ts";
export { createSlowStream } from "./slow-stream.ts";
export { type StepRecorder, stepRecorder } from "./steps.ts";
export { runWithTimeoutTest, type TimeoutTestOptions } from "./timeout-test.ts";
export { VirtualBackend, type VirtualBackendOptions } from "./virtual-backend.ts";
export { type TestFunction, type VirtualTest, type VirtualTestOptions, withVirtual } from "./virtual-test.ts";

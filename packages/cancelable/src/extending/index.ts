// For packages that build on this library: the checks of arguments, so that their messages read like those of the library,
// and errors.
export {
  invalidType,
  isThenable,
  outOfRange,
  requireBoolean,
  requireCount,
  requireFunction,
  requireOneOf,
  requireOptions,
  requireText,
  requireWhole,
  show,
  toList,
} from "../arguments.ts";
export { formatSpan, toInterval, toMilliseconds } from "../duration.ts";
export { type KnownOptions, requireKnownOptions } from "../known-options.ts";
export { withCause } from "../with-cause.ts";

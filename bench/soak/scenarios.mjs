/** The scenarios of a round. All are loaded before the soak begins, so that a build during the soak has no effect. */
import coordination from "./scenarios/coordination.mjs";
import crowd from "./scenarios/crowd.mjs";
import effect from "./scenarios/effect.mjs";
import effection from "./scenarios/effection.mjs";
import groups from "./scenarios/groups.mjs";
import http from "./scenarios/http.mjs";
import longCondition from "./scenarios/long-condition.mjs";
import queues from "./scenarios/queues.mjs";
import registered from "./scenarios/registered.mjs";
import sequence from "./scenarios/sequence.mjs";
import signals from "./scenarios/signals.mjs";
import sources from "./scenarios/sources.mjs";
import streams from "./scenarios/streams.mjs";

/** @import { Scenario } from "./types.mjs" */

/** @type {Scenario[]} */
export const scenarios = [
  sequence,
  crowd,
  sources,
  signals,
  longCondition,
  groups,
  coordination,
  queues,
  streams,
  registered,
  effect,
  effection,
  http,
];

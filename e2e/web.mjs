// The smoke test in a page and in a worker, bundled by browser.mjs; leaves its result where that looks.
import { runCases } from "./smoke.mjs";

const result = await runCases({ ambient: false });
if (typeof document === "undefined") postMessage(result);
else document.title = JSON.stringify(result);

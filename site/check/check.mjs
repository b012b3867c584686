// Checks the built site.
import { checkNavigation } from "./navigation.mjs";

const faults = checkNavigation();
for (const fault of faults) console.error(`FAILED ${fault}`);
console.log(faults.length === 0 ? "The site has no fault" : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;

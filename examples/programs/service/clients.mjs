// @ts-check
// The clients of this example: most are served, one waits too long, and one is still there when the service stops.

/** Plays them one after the other. @param {string} url */
export async function playClients(url) {
  // Ten lines from ten clients at the same time: none is lost.
  const lines = Array.from({ length: 10 }, (_, n) => `line ${n}`);
  await Promise.all(lines.map((body) => fetch(`${url}/notes/list`, { method: "POST", body })));
  const list = await (await fetch(`${url}/notes/list`)).text();
  console.log("lines:", list.trim().split("\n").sort().join() === lines.join() ? 10 : list);

  await fetch(`${url}/notes/shopping`, { method: "POST", body: "bread and milk" });
  console.log("found:", await (await fetch(`${url}/search?text=milk`)).text());
  console.log("missing:", (await fetch(`${url}/notes/none`)).status);
  console.log("report:", (await fetch(`${url}/report`)).status);

  // This one is still there when the service stops. It gets an answer.
  console.log("export:", (await fetch(`${url}/export`)).status);
}

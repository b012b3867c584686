import { expect, test } from "vitest";

const names = [
  "time-line",
  "promise-race",
  "tree",
  "operation-states",
  "shield",
  "task-group",
  "who-waits",
  "deadlines",
  "bridges",
];

// `npx vitest run site/pictures --update` makes the files anew.
test.each(names)("the picture %s is the one that its program draws", async (name) => {
  const { drawPicture } = (await import(new URL(`${name}.ts`, import.meta.url).href)) as {
    drawPicture: () => Promise<string>;
  };
  await expect(await drawPicture()).toMatchFileSnapshot(`../../docs/pictures/${name}.svg`);
});

import { TestRunner } from "vitest";

/**
 * Takes the place of something that the host does not have. A test that uses it is skipped, with that as the reason.
 * Test files may mention it while they load.
 */
export function missing(name: string): object {
  const use = (): object => {
    TestRunner.getCurrentTest()?.context.skip(`the host has no ${name}`);
    return substitute;
  };
  const substitute: object = new Proxy(class {}, {
    get(target, key) {
      if (key === "toString") return () => name;
      return typeof key === "symbol" || key === "prototype" ? Reflect.get(target, key) : use();
    },
    apply: use,
    construct: use,
  });
  return substitute;
}

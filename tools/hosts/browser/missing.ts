import { TestRunner } from "vitest";

/**
 * Stands in for something that a browser does not have. A test that uses the substitute is skipped, with that as the
 * reason. A test file may mention the substitute while it loads.
 */
export function missing(name: string): object {
  const use = (): object => {
    TestRunner.getCurrentTest()?.context.skip(`uses ${name}: browsers have none`);
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

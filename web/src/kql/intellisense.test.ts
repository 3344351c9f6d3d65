import { expect, test } from "vitest";
import { parameters, toKusto } from "./intellisense";

test("parameter lists are read as written", () => {
  expect(parameters('(x:long, y : string = "a,b", d:dynamic=dynamic([1,2]))')).toEqual([
    { name: "x", cslType: "long", type: "System.Int64" },
    { name: "y", cslType: "string", type: "System.String", cslDefaultValue: '"a,b"' },
    { name: "d", cslType: "dynamic", type: "System.Object", cslDefaultValue: "dynamic([1,2])" },
  ]);
  expect(parameters("()")).toEqual([]);
  expect(parameters("(T:(a:long), n:int)").map((p) => p.name)).toEqual(["n"]);
});

test("a schema becomes one database of one cluster", () => {
  const k = toKusto({ tables: [{ name: "T", description: "about T", columns: [{ name: "A", type: "long" }] }], functions: [{ name: "F", parameters: "()", body: "T | take 1" }] });
  expect(k.database.tables[0]).toMatchObject({ name: "T", docstring: "about T", columns: [{ name: "A", type: "long" }] });
  expect(k.database.functions[0]!.body).toBe("{ T | take 1 }");
  expect(k.cluster.databases[0]).toBe(k.database);
});

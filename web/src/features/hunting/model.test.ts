import { expect, test } from "vitest";
import { insertable, rangeText, searchSchema } from "./model";

const schema = { tables: [{ name: "SigninLogs", description: "", columns: [{ name: "IPAddress", type: "string" }, { name: "Location", type: "string" }] }, { name: "Syslog", description: "", columns: [{ name: "Computer", type: "string" }] }], functions: [{ name: "FailedSignins", parameters: "()", body: "" }] };

test("search finds tables whole and columns alone", () => {
  expect(searchSchema(schema, "sign").tables.map((t) => [t.name, t.columns.length])).toEqual([["SigninLogs", 2]]);
  expect(searchSchema(schema, "sign").functions.length).toBe(1);
  expect(searchSchema(schema, "ipadd").tables).toEqual([{ ...schema.tables[0], columns: [schema.tables[0]!.columns[0]] }]);
  expect(searchSchema(schema, " ")).toBe(schema);
});

test("names that are no identifiers are bracketed", () => {
  expect(insertable("IPAddress")).toBe("IPAddress");
  expect(insertable("it's a\\b")).toBe("['it\\'s a\\\\b']");
});

test("a range of one's own is said with both its ends", () => {
  expect(rangeText({ from: "2026-11-20T00:00:00Z", to: "2026-11-21T12:30:00Z" })).toBe("2026-11-20 00:00 – 2026-11-21 12:30 UTC");
});

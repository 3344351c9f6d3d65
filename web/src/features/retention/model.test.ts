import { expect, test } from "vitest";
import type { Deletion, TableStock } from "../../api/types.gen";
import { arranged, keptText, lastDeletions, nextToGo, scopeQuery, scopeText, stoppedText, whyText } from "./model";

const table = (name: string, change: Partial<TableStock> = {}): TableStock => ({ name, rows: 1, bytes: 1, oldest: null, newest: null, receivedAt: null, keepDays: 90, declaredDays: 90, maxBytes: 0, isUndeclared: false, ...change });
const hold = { table: "", from: null, to: null, entity: "", incident: 0 };

test("how long rows are kept, and when the next go", () => {
  expect([0, 1, 90, 0.5, 3650].map(keptText)).toEqual(["for ever", "1 day", "90 days", "0.5 days", "3,650 days"]);
  expect(nextToGo(table("a", { receivedAt: "2026-11-01T00:00:00Z", keepDays: 30 }))).toBe(Date.parse("2026-12-01T00:00:00Z"));
  expect(nextToGo(table("a", { receivedAt: "2026-11-01T00:00:00Z", keepDays: 0 }))).toBeNull();
  expect(nextToGo(table("a"))).toBeNull();
});

test("why the intake is stopped, and when it goes on", () => {
  const stock = { tables: [], fileBytes: 0, spareBytes: 0, maxBytes: 0, diskFree: 300 * 2 ** 20, minFree: 2 ** 30, stopped: "x", measuredAt: "" };
  expect(stoppedText(stock)).toMatch(/^The disk of the data folder has 300 MiB free, and 1\.0 GiB are to stay free\..*It goes on by itself with 1\.1 GiB free/);
  expect(stoppedText({ ...stock, diskFree: 2 ** 34 })).toMatch(/^A write found the disk full\..*every ten seconds/);
});

test("tables are found by a part of their name and put in order, what has no value last", () => {
  const list = [table("SigninLogs", { bytes: 5, oldest: "2026-11-02T00:00:00Z" }), table("AuditLogs", { bytes: 9 }), table("DnsEvents", { bytes: 5, oldest: "2026-11-01T00:00:00Z" })];
  expect(arranged(list, "", "-bytes").map((t) => t.name)).toEqual(["AuditLogs", "DnsEvents", "SigninLogs"]);
  expect(arranged(list, "LOGS", "name").map((t) => t.name)).toEqual(["AuditLogs", "SigninLogs"]);
  expect(arranged(list, "", "-oldest").map((t) => t.name)).toEqual(["SigninLogs", "DnsEvents", "AuditLogs"]);
});

test("reasons have sizes in the unit that fits", () => {
  expect(whyText("the table had 51539607552 bytes, its bound is 48318382080")).toBe("The table had 48 GiB, its bound is 45 GiB");
  expect(whyText("older than 90 days")).toBe("Older than 90 days");
});

test("the lines of one pass count together, older ones do not", () => {
  const line = (at: string, rows: number, name = "a"): Deletion => ({ at, table: name, rows, held: 1, before: null, reason: "", bytesBefore: 0, bytesAfter: 0 });
  const last = lastDeletions([line("2026-11-22T06:00:01Z", 3), line("2026-11-22T06:00:00Z", 4), line("2026-11-22T00:00:00Z", 100), line("2026-11-22T06:00:00Z", 9, "")]);
  expect([...last]).toEqual([["a", { at: "2026-11-22T06:00:01Z", rows: 7, held: 2 }]]);
});

test("a hold in words, and as the query that counts what it keeps", () => {
  expect(scopeText(hold)).toBe("Every row of every table");
  expect(scopeText({ ...hold, table: "SigninLogs", from: "2026-11-01T00:00:00Z", to: "2026-12-01T08:30:00Z" })).toBe("Rows of SigninLogs from 2026-11-01 to 2026-12-01 08:30");
  expect(scopeText({ ...hold, entity: "amelie@contoso.com", from: "2026-11-01T00:00:00Z" })).toBe("Rows of all tables from 2026-11-01 on, in which “amelie@contoso.com” occurs");
  expect(scopeQuery({ table: "", entity: "x", incident: 4 })).toEqual({ table: undefined, from: undefined, to: undefined, entity: "x", incident: 4 });
});

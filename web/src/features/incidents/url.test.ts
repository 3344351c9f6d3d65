import { expect, test } from "vitest";
import { defaultView, formatView, parseView, queryOf, type QueueView } from "./url";

const clean = (search: Record<string, string | undefined>) => Object.fromEntries(Object.entries(search).filter(([, v]) => v !== undefined));

test.each<[string, Partial<QueueView>, Record<string, string>]>([
  ["the default queue", {}, {}],
  ["everything", { status: [] }, { status: "any" }],
  ["closed and merged", { status: ["closed", "redirected"] }, { status: "closed,redirected" }],
  ["mine, severe", { owner: "me", severity: ["high", "medium"] }, { owner: "me", severity: "high,medium" }],
  ["nobody's, tagged, searched, sorted", { owner: "-", tag: "vip & co", q: "j.brandt 1,2", sort: "severity" }, { owner: "-", tag: "vip & co", q: "j.brandt 1,2", sort: "severity" }],
])("%s round-trips", (_, change, search) => {
  const view = { ...defaultView, ...change };
  expect(clean(formatView(view))).toEqual(search);
  const address = new URLSearchParams(clean(formatView(view)) as Record<string, string>).toString();
  expect(parseView(Object.fromEntries(new URLSearchParams(address)))).toEqual(view);
});

test("nonsense in the address becomes the default", () => {
  expect(parseView({ severity: "apocalyptic,high", sort: "-owner", status: "new" })).toEqual({ ...defaultView, severity: ["high"], status: ["new"] });
});

test("me is resolved for the server", () => {
  expect(queryOf({ ...defaultView, owner: "me" }, "amara").owner).toBe("amara");
  expect(queryOf({ ...defaultView, owner: "-" }, "amara").owner).toBe("-");
});

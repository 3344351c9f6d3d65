import { expect, test } from "vitest";
import type { IncidentDetail } from "../../api/types.gen";
import { changeOf, draftOf, obstacle, rebase, tagsOf } from "./draft";

const incident = { version: 4, title: "T", severity: "medium", status: "active", owner: "priya", classification: "", determination: "", tags: ["vip"], closeComment: "" } as unknown as IncidentDetail;

test("only what was changed is sent, with the version looked at", () => {
  const draft = draftOf(incident);
  expect(changeOf(incident, draft)).toBeNull();
  expect(changeOf(incident, { ...draft, owner: "", severity: "high" })).toEqual({ version: 4, owner: "", severity: "high" });
  expect(changeOf(incident, { ...draft, tags: " vip ,night, vip" })).toEqual({ version: 4, tags: ["vip", "night"] });
  expect(changeOf(incident, { ...draft, comment: "kept only with a close" })).toBeNull();
});

test("closing sends the verdict", () => {
  const draft = { ...draftOf(incident), status: "closed" as const };
  expect(obstacle(draft)).toBe("Choose a classification to close.");
  const ready = { ...draft, classification: "truePositive" as const, determination: "malware", comment: " done " };
  expect(obstacle(ready)).toBe("");
  expect(changeOf(incident, ready)).toEqual({ version: 4, status: "closed", classification: "truePositive", determination: "malware", comment: "done" });
});

test("a draft is carried to a newer version without losing what was typed", () => {
  const draft = { ...draftOf(incident), status: "closed" as const, comment: "my long comment" };
  const newer = { ...incident, version: 6, owner: "tomas", severity: "high" } as IncidentDetail;
  expect(rebase(draft, incident, newer)).toMatchObject({ owner: "tomas", severity: "high", status: "closed", comment: "my long comment" });
  expect(rebase({ ...draft, owner: "me" }, incident, newer).owner).toBe("me");
});

test("tags are split by commas", () => {
  expect(tagsOf(" a, ,b b,a ")).toEqual(["a", "b b"]);
});

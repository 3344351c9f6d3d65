import { expect, test } from "vitest";
import { count, tacticName, words } from "./words";

test("names become words", () => {
  expect(words("suspiciousButExpected")).toBe("Suspicious but expected");
  expect(words("inProgress")).toBe("In progress");
  expect(tacticName("CommandAndControl")).toBe("Command and Control");
  expect(tacticName("InitialAccess")).toBe("Initial Access");
});

test("counts agree with their noun", () => {
  expect([count(1, "alert"), count(0, "alert"), count(1204, "entity", "entities")]).toEqual(["1 alert", "0 alerts", "1,204 entities"]);
});

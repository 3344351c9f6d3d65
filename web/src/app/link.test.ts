import { expect, test, vi } from "vitest";
import { takeLink } from "./link";

const take = (href: string) => {
  const history = { replaceState: vi.fn() };
  const token = takeLink(new URL(href) as unknown as Location, history as unknown as History);
  return { token, replaced: history.replaceState.mock.calls.map((c) => c[2] as string) };
};

test("takes the token from both forms and leaves no trace", () => {
  expect(take("http://h/signin?link=abc")).toEqual({ token: "abc", replaced: ["/"] });
  expect(take("http://h/#/signin?link=a%2Bc")).toEqual({ token: "a+c", replaced: ["/"] });
});

test("leaves other addresses alone", () => {
  expect(take("http://h/hunting?q=link")).toEqual({ token: null, replaced: [] });
  expect(take("http://h/incidents/7?link=abc#/x")).toEqual({ token: null, replaced: [] });
  expect(take("http://h/signin")).toEqual({ token: null, replaced: ["/"] });
});

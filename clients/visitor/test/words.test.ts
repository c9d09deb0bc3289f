import { ProblemError } from "@otvet/sdk";
import { describe, expect, it } from "vitest";
import { en } from "../src/i18n/en.js";
import { ru } from "../src/i18n/ru.js";
import { deviceName } from "../src/state/device.js";
import { format, parse, type Route } from "../src/state/router.js";
import { formProblem } from "../src/ui/problem.js";

describe("words", () => {
  it("are all there in both languages", () => {
    expect(Object.keys(ru).sort()).toEqual(Object.keys(en).sort());
    for (const texts of [ru, en]) for (const text of Object.values(texts)) expect(typeof text === "function" || text.trim() !== "").toBe(true);
  });
});

describe("routes", () => {
  it.each<Route>([{ screen: "list" }, { screen: "ask" }, { screen: "account" }, { screen: "devices" }, { screen: "join", register: true }, { screen: "join", register: false }, { screen: "thread", id: "a/b ü" }])(
    "%j survives the address bar",
    (route) => {
      expect(parse(format(route))).toEqual(route);
    },
  );

  it.each(["", "#", "#/nowhere", "#/c", "#/c/"])("%j is the list", (hash) => {
    expect(parse(hash)).toEqual({ screen: "list" });
  });
});

describe("problems of a form", () => {
  it("says at each field what is wrong, in the visitor's language, and keeps sentences that it does not know", () => {
    const error = new ProblemError(422, "invalid", "x", { email: ["The email has already been taken."], name: ["The name field is required."], password: ["Odd."] });
    expect(formProblem(error, ru)).toEqual({ fields: { email: [ru.emailTaken], name: [ru.fieldRequired], password: ["Odd."] }, general: null });
  });

  it.each([
    [new ProblemError(0, "network", "x"), en.errorNetwork],
    [new ProblemError(429, "rate_limited", "x", {}, null, 4200), en.errorThrottled(5)],
    [new ProblemError(401, "unauthorized", "x"), en.errorCredentials],
    [new ProblemError(503, "unavailable", "x"), en.errorUnknown],
    [new ProblemError(403, "forbidden", "Registration is off."), "Registration is off."],
    [new TypeError("x"), en.errorUnknown],
  ])("says what to do (%#)", (error, words) => {
    expect(formProblem(error, en).general).toBe(words);
  });
});

describe("the device's name", () => {
  it.each([
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0", "Edge, Windows"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1", "Safari, iOS"],
    ["Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 YaBrowser/24.1 Mobile Safari/537.36", "Yandex, Android"],
    ["curl/8", "Web"],
  ])("%s", (agent, name) => {
    expect(deviceName(agent)).toBe(name);
  });
});

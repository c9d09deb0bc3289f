import { CommandError, NotConnectedError, ProblemError } from "@otvet/sdk";
import { describe, expect, it } from "vitest";
import { createI18nProvider } from "../i18n/i18nProvider";
import { createRealtimeProvider } from "../realtime/realtimeProvider";
import { conversation } from "../testing";
import { createDataProvider } from "./dataProvider";
import { describeFailure } from "./problem";
import { createHttpClient } from "./request";

const { translate } = createI18nProvider("en");

function answering(status: number, body: string, headers: Record<string, string> = {}) {
  const requests: Request[] = [];
  const fetcher: typeof fetch = async (url, init) => {
    requests.push(new Request(new URL(url instanceof Request ? url.url : url, "http://panel.example"), init));
    return new Response(body, { status, headers });
  };
  return { http: createHttpClient(() => "7|secret", fetcher), requests };
}

describe("requests", () => {
  it("bear the token and say that they are JSON", async () => {
    const { http, requests } = answering(200, "{}");
    await http("/api/v1/admin/people/u7", { method: "PUT", body: "{}" });
    expect(requests[0]?.headers.get("Authorization")).toBe("Bearer 7|secret");
    expect(requests[0]?.headers.get("Content-Type")).toBe("application/json");
  });

  it("reject with the problem that the server sent", async () => {
    const { http } = answering(422, JSON.stringify({ detail: "No.", code: "invalid", request_id: "r1", errors: { role: ["Unknown role."] } }));
    const failure = await http("/x").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProblemError);
    expect(failure).toMatchObject({ status: 422, code: "invalid", requestId: "r1", message: "No." });
    expect(describeFailure(failure, translate)).toBe("Unknown role.");
  });

  it("take a proxy's page and no answer at all in their stride", async () => {
    await expect(answering(502, "<html>").http("/x")).rejects.toMatchObject({ status: 502 });
    const unreachable = createHttpClient(() => null, async () => Promise.reject(new TypeError("Failed to fetch")));
    await expect(unreachable("/x")).rejects.toMatchObject({ status: 0, code: "network" });
  });
});

describe("failures", () => {
  it("are told in words of the reader's language, from wherever they come", () => {
    const refused = new CommandError({ type: "error", id: 1, code: "conflict", message: "taken" });
    expect(describeFailure(refused, translate)).toBe("Somebody else was faster: the conversation has changed.");
    expect(describeFailure(refused, createI18nProvider("ru").translate)).toBe("Кто-то успел раньше: обращение изменилось.");
    expect(describeFailure(new NotConnectedError(), translate)).toContain("cannot be reached");
    expect(describeFailure(new Error("odd"), translate)).toBe("odd");
  });
});

describe("the data provider", () => {
  const source = { on: () => () => undefined, conversations: () => [], person: null, typing: () => undefined, read: async () => undefined };
  const realtime = createRealtimeProvider(source, () => new Date(0));

  it("reads conversations page by page with the server's cursor", async () => {
    const asked: object[] = [];
    const rest = {
      conversations: async (filter: object = {}) => {
        asked.push(filter);
        return { data: [conversation("a")], next: "p2" };
      },
      conversation: async (id: string) => conversation(id),
    };
    const provider = createDataProvider(rest, answering(200, "{}").http, realtime);
    const list = await provider.getList("conversations", { filter: { status: "claimed", mine: true, q: "" }, pagination: { page: 1, perPage: 50 }, sort: { field: "id", order: "ASC" }, meta: { cursor: "p1" } });
    expect(asked).toEqual([{ limit: 50, status: "claimed", mine: true, cursor: "p1" }]);
    expect(list).toMatchObject({ data: [{ id: "a" }], pageInfo: { hasNextPage: true }, meta: { next: "p2" } });
    expect(await provider.getOne("conversations", { id: "b" })).toMatchObject({ data: { id: "b" } });
  });

  it("asks for people in the simple REST form and sends only what changes", async () => {
    const { http, requests } = answering(200, '[{"id":"u7"}]', { "Content-Range": "people 0-24/319" });
    const rest = { conversations: async () => ({ data: [], next: null }), conversation: async (id: string) => conversation(id) };
    const provider = createDataProvider(rest, http, realtime);
    const people = await provider.getList("people", { filter: { q: "anna" }, pagination: { page: 1, perPage: 25 }, sort: { field: "name", order: "DESC" } });
    expect(people.total).toBe(319);
    const query = new URL(requests[0]?.url ?? "").searchParams;
    expect(Object.fromEntries(query)).toEqual({ filter: '{"q":"anna"}', range: "[0,24]", sort: '["name","DESC"]' });
    await provider.update("people", { id: "u7", data: { role: "manager" }, previousData: { id: "u7" } });
    expect(requests[1]?.method).toBe("PUT");
    expect(await requests[1]?.text()).toBe('{"role":"manager"}');
  });
});

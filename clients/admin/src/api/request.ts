import { ProblemError, type ErrorCode } from "@otvet/sdk";
import type { Options } from "ra-core";

/** What React Admin's simple REST data provider wants from its HTTP client. */
export interface Answer {
  status: number;
  headers: Headers;
  body: string;
  /** The parsed body; each caller knows what it asked for. */
  json: unknown;
}

export type HttpClient = (url: string, options?: Options) => Promise<Answer>;

/** JSON over `fetch` with the bearer token, for the calls that the SDK does not know. Rejects with the SDK's `ProblemError`. */
export function createHttpClient(token: () => string | null, fetcher: typeof fetch = (...call) => fetch(...call)): HttpClient {
  return async (url, options = {}) => {
    const headers = new Headers(options.headers);
    headers.set("Accept", "application/json");
    if (options.body != null) headers.set("Content-Type", "application/json");
    const bearer = token();
    if (bearer !== null) headers.set("Authorization", `Bearer ${bearer}`);
    const response = await answered(
      fetcher(url, { method: options.method ?? "GET", headers, body: options.body ?? null, signal: options.signal ?? null, cache: "no-store" }),
    );
    const body = await response.text();
    const json = parsed(body);
    if (!response.ok) throw problemOf(response, json);
    return { status: response.status, headers: response.headers, body, json };
  };
}

async function answered(call: Promise<Response>): Promise<Response> {
  try {
    return await call;
  } catch (error) {
    // A list that is no longer wanted is no failure of the network.
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ProblemError(0, "network", "The server could not be reached.");
  }
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    // A proxy's HTML page: the status says enough.
    return undefined;
  }
}

interface ProblemDocument {
  title?: string;
  detail?: string;
  code?: ErrorCode;
  request_id?: string;
  errors?: Record<string, string[]>;
}

function problemOf(response: Response, json: unknown): ProblemError {
  const problem = (json ?? {}) as ProblemDocument;
  const message = problem.detail ?? problem.title ?? response.statusText;
  return new ProblemError(response.status, problem.code ?? "internal", message, problem.errors ?? {}, problem.request_id ?? null);
}

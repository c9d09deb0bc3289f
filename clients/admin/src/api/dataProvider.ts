import type { RestClient, Status, Summary } from "@otvet/sdk";
import { ProblemError } from "@otvet/sdk";
import simpleRestProvider from "ra-data-simple-rest";
import type { DataProvider, GetListParams, GetListResult, GetOneParams, GetOneResult } from "ra-core";
import type { RealtimeProvider } from "../realtime/contract";
import type { HttpClient } from "./request";

/** What the conversation list can be asked for. */
export interface ConversationListFilter {
  status?: Status;
  mine?: boolean;
  q?: string;
}

/** A manager to whom a conversation can be handed. */
export interface Manager {
  id: string;
  name: string;
  role: "manager" | "admin";
  online: boolean;
}

export type PanelDataProvider = DataProvider & RealtimeProvider;

/**
 * The panel's data: `conversations` on the contract's own endpoints, `managers` read-only, every other resource
 * in the simple REST form under `/api/v1/admin`, and live changes.
 */
export function createDataProvider(
  rest: Pick<RestClient, "conversations" | "conversation">,
  http: HttpClient,
  realtime: RealtimeProvider,
): PanelDataProvider {
  const collections = simpleRestProvider("/api/v1/admin", http);
  const provider: DataProvider = {
    ...collections,
    getList: (resource, params) => {
      if (resource === "conversations") return asRecords(conversationList(rest, params));
      if (resource === "managers") return asRecords(managerList(http));
      return collections.getList(resource, params);
    },
    getOne: (resource, params) => {
      if (resource === "conversations") return asRecords(conversationOne(rest, params));
      return collections.getOne(resource, params);
    },
  };
  return { ...provider, ...realtime };
}

/** Lists are read page by page with an opaque cursor: `meta.cursor` going in, `meta.next` coming out. */
async function conversationList(rest: Pick<RestClient, "conversations">, params: GetListParams): Promise<GetListResult<Summary>> {
  const { status, mine, q } = params.filter as ConversationListFilter;
  const cursor = (params.meta as { cursor?: string } | undefined)?.cursor;
  const page = await rest.conversations({
    limit: params.pagination?.perPage ?? 50,
    ...(status !== undefined && { status }),
    ...(mine === true && { mine }),
    ...(q !== undefined && q !== "" && { q }),
    ...(cursor !== undefined && { cursor }),
  });
  return {
    data: page.data,
    pageInfo: { hasNextPage: page.next !== null, hasPreviousPage: cursor !== undefined },
    meta: { next: page.next },
  };
}

async function conversationOne(rest: Pick<RestClient, "conversation">, params: GetOneParams): Promise<GetOneResult<Summary>> {
  return { data: await rest.conversation(String(params.id)) };
}

async function managerList(http: HttpClient): Promise<GetListResult<Manager>> {
  const { json } = await http("/api/v1/managers");
  const body = json as { data?: Manager[] } | undefined;
  if (!Array.isArray(body?.data)) throw new ProblemError(0, "internal", "The list of managers has no data.");
  return { data: body.data, total: body.data.length };
}

/** React Admin's methods are generic over the caller's record type, which no provider can prove. */
function asRecords<T>(result: Promise<T>): Promise<never> {
  return result as Promise<never>;
}

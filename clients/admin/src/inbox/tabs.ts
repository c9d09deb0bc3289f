import type { PersonId, Summary } from "@otvet/sdk";
import type { ConversationListFilter } from "../api/dataProvider";

export const TABS = ["waiting", "mine", "all", "resolved"] as const;
export type Tab = (typeof TABS)[number];

export function isTab(text: string | undefined): text is Tab {
  return TABS.some((tab) => tab === text);
}

/** A list to look at: a tab, narrowed by what was typed into the search field. */
export interface View {
  tab: Tab;
  q: string;
}

export function viewKey({ tab, q }: View): string {
  return `${tab}:${q}`;
}

/** The question that REST is asked for a view. */
export function filterOf({ tab, q }: View): ConversationListFilter {
  const words = q === "" ? {} : { q };
  switch (tab) {
    case "waiting":
      return { status: "waiting", ...words };
    case "mine":
      return { status: "claimed", mine: true, ...words };
    case "resolved":
      return { status: "resolved", ...words };
    case "all":
      return words;
  }
}

export function belongsTo(tab: Tab, conversation: Summary, me: PersonId): boolean {
  switch (tab) {
    case "waiting":
      return conversation.status === "waiting";
    case "mine":
      return conversation.status === "claimed" && conversation.manager?.id === me;
    case "resolved":
      return conversation.status === "resolved";
    case "all":
      return true;
  }
}

/** Since when somebody waits; a server that knows better (a reopened conversation) says so. */
export function waitingSince(conversation: Summary & { waiting_since?: string | null }): string {
  return conversation.waiting_since ?? conversation.opened_at;
}

/** What a tab is sorted by: who waits longest comes first; elsewhere what changed last. */
export function sortKey(tab: Tab, conversation: Summary): string {
  return tab === "waiting" ? waitingSince(conversation) : conversation.updated_at;
}

export function compareIn(tab: Tab): (a: Summary, b: Summary) => number {
  const direction = tab === "waiting" ? 1 : -1;
  return (a, b) => direction * compareTimes(sortKey(tab, a), sortKey(tab, b)) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** Orders RFC 3339 times even if they differ in precision. */
export function compareTimes(a: string, b: string): number {
  return Date.parse(a) - Date.parse(b);
}

import type { ConversationId, PersonId } from "@otvet/sdk";
import { useStore } from "ra-core";
import { localStorageStore, type Store } from "ra-core";

/** Keys of React Admin's store that belong to the browser's user, not to a session. */
const KEPT_ON_SIGN_OUT = ["locale", "theme", "otvet.sound", "otvet.desktop", "otvet.details"];
/** How the keys of drafts begin. */
export const DRAFTS = "otvet.draft.";

/** Of what a person has begun to write in a conversation. */
export function draftKey(person: PersonId, conversation: ConversationId): string {
  return `${DRAFTS}${person}.${conversation}`;
}

/** React Admin's store, except that the end of a session forgets neither language and appearance nor what was being written. */
export function createPreferenceStore(): Store {
  const store = localStorageStore("1", "OtvetAdmin");
  return {
    ...store,
    reset() {
      const drafts = Object.keys(store.listItems?.(DRAFTS) ?? {});
      const kept = [...KEPT_ON_SIGN_OUT, ...drafts].map((key) => [key, store.getItem<unknown>(key)] as const);
      store.reset();
      for (const [key, value] of kept) if (value !== undefined) store.setItem(key, value);
    },
  };
}

/** Whether a new question makes a sound; off until asked for. */
export function useSoundPreference() {
  return useStore<boolean>("otvet.sound", false);
}

/** Whether a new question shows a desktop notification; off until asked for. */
export function useDesktopPreference() {
  return useStore<boolean>("otvet.desktop", false);
}

/** Whether the details stand beside a thread where there is room. */
export function useDetailsPreference() {
  return useStore<boolean>("otvet.details", true);
}

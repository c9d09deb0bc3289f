import { useStore } from "ra-core";
import { localStorageStore, type Store } from "ra-core";

/** Keys of React Admin's store that belong to the browser's user, not to a session. */
const KEPT_ON_SIGN_OUT = ["locale", "theme", "otvet.sound", "otvet.desktop", "otvet.details"];

/** React Admin's store, except that signing out does not forget language and appearance. */
export function createPreferenceStore(): Store {
  const store = localStorageStore("1", "OtvetAdmin");
  return {
    ...store,
    reset() {
      const kept = KEPT_ON_SIGN_OUT.map((key) => [key, store.getItem<unknown>(key)] as const);
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

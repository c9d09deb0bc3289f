import { useLocale } from "ra-core";
import { useEffect } from "react";

/** Tells the browser and screen readers which language the page is in. */
export function useDocumentLanguage(): void {
  const locale = useLocale();
  useEffect(() => {
    document.documentElement.lang = locale;
  }, [locale]);
}

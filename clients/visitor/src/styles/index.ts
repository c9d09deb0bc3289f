import base from "./base.css?url&no-inline";
import controls from "./controls.css?url&no-inline";
import panes from "./panes.css?url&no-inline";
import thread from "./thread.css?url&no-inline";

/**
 * Constructed, not written into the page: a strict CSP lets them through, and the page's own rules stay outside. Files
 * of their own, since a browser parses a style sheet faster than a script that contains one.
 */
export function loadStyles(): Promise<CSSStyleSheet[]> {
  return Promise.all(
    [base, controls, panes, thread].map(async (url) => {
      const response = await fetch(url);
      return new CSSStyleSheet().replace(await response.text());
    }),
  );
}

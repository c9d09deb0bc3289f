import { Observable } from "./observable.js";

export type Route = { screen: "list" } | { screen: "ask" } | { screen: "account" } | { screen: "devices" } | { screen: "join"; register: boolean } | { screen: "thread"; id: string };

/** Which screen is shown; on the own page the address bar's hash follows, so that "back" works as on any page. */
export class Router extends Observable {
  #route: Route;
  readonly #addressBar: boolean;
  readonly #onHash = () => this.#set(parse(location.hash));

  constructor(addressBar: boolean) {
    super();
    this.#addressBar = addressBar;
    this.#route = addressBar ? parse(location.hash) : { screen: "list" };
    if (addressBar) addEventListener("hashchange", this.#onHash);
  }

  get route(): Route {
    return this.#route;
  }

  go(route: Route, options: { replace?: boolean } = {}): void {
    if (this.#addressBar) history[options.replace ? "replaceState" : "pushState"](null, "", format(route));
    this.#set(route);
  }

  stop(): void {
    removeEventListener("hashchange", this.#onHash);
  }

  #set(route: Route): void {
    this.#route = route;
    this.changed();
  }
}

export function format(route: Route): string {
  switch (route.screen) {
    case "list":
      return "#/";
    case "thread":
      return `#/c/${encodeURIComponent(route.id)}`;
    case "join":
      return route.register ? "#/register" : "#/login";
    default:
      return `#/${route.screen}`;
  }
}

export function parse(hash: string): Route {
  const [screen, id] = hash.replace(/^#\/?/, "").split("/");
  if (screen === "c" && id) return { screen: "thread", id: decodeURIComponent(id) };
  if (screen === "ask" || screen === "account" || screen === "devices") return { screen };
  if (screen === "register" || screen === "login") return { screen: "join", register: screen === "register" };
  return { screen: "list" };
}

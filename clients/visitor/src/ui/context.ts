import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Router } from "../state/router.js";
import type { Session } from "../state/session.js";
import type { Settings } from "../state/settings.js";

export interface Face {
  session: Session;
  settings: Settings;
  router: Router;
}

export const FaceContext = createContext<Face | null>(null);

/** Session, settings and router of the face that the component is in. */
export function useFace(): Face & { t: Settings["texts"] } {
  const face = useContext(FaceContext);
  if (!face) throw new Error("this component is drawn outside of the App");
  return { ...face, t: face.settings.texts };
}

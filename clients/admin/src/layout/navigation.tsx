import ForumIcon from "@mui/icons-material/ForumOutlined";
import PeopleIcon from "@mui/icons-material/PeopleAltOutlined";
import type { SvgIconComponent } from "@mui/icons-material";
import type { Role } from "@otvet/sdk";

export interface Destination {
  name: "inbox" | "people";
  to: string;
  /** Paths under which the destination counts as the current one. */
  under: string;
  icon: SvgIconComponent;
}

const INBOX: Destination = { name: "inbox", to: "/inbox/waiting", under: "/inbox", icon: ForumIcon };
const PEOPLE: Destination = { name: "people", to: "/people", under: "/people", icon: PeopleIcon };

/** Where a person of this role can go. */
export function destinationsOf(role: Role): Destination[] {
  return role === "admin" ? [INBOX, PEOPLE] : [INBOX];
}

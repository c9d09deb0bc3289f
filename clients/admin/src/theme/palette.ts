import type { PaletteOptions } from "@mui/material/styles";

/** Colours that MUI's palette has no place for. */
export interface DeskColors {
  /** Ground of the list and of the rail, one step away from the paper. */
  ground: string;
  /** Bubble of the visitor's messages. */
  theirs: string;
  /** Bubble of the managers' messages, and the text on it. */
  ours: string;
  oursText: string;
  /** Notes: managers only, so they must never look like an answer. */
  note: string;
  noteBorder: string;
  /** The brief glow of a row that has just changed. */
  glow: string;
  waiting: string;
  resolved: string;
}

declare module "@mui/material/styles" {
  interface Palette {
    desk: DeskColors;
  }
  interface PaletteOptions {
    desk?: DeskColors;
  }
}

export const lightPalette: PaletteOptions = {
  mode: "light",
  primary: { main: "#0f766e", dark: "#115e59", light: "#14b8a6", contrastText: "#ffffff" },
  secondary: { main: "#334155", contrastText: "#ffffff" },
  warning: { main: "#a94c06", contrastText: "#ffffff" },
  success: { main: "#15803d", contrastText: "#ffffff" },
  error: { main: "#b91c1c", contrastText: "#ffffff" },
  text: { primary: "#17212b", secondary: "#526070" },
  divider: "#e2e7ec",
  background: { default: "#ffffff", paper: "#ffffff" },
  action: { hover: "rgba(23, 33, 43, 0.045)", selected: "rgba(15, 118, 110, 0.07)" },
  desk: {
    ground: "#f5f7f8",
    theirs: "#eef1f4",
    ours: "#d7efeb",
    oursText: "#10302d",
    note: "#fdf4dc",
    noteBorder: "#e3b341",
    glow: "rgba(245, 158, 11, 0.20)",
    waiting: "#9a4607",
    resolved: "#15803d",
  },
};

export const darkPalette: PaletteOptions = {
  mode: "dark",
  primary: { main: "#2dd4bf", dark: "#14b8a6", light: "#5eead4", contrastText: "#04211e" },
  secondary: { main: "#cbd5e1", contrastText: "#0f1720" },
  warning: { main: "#fbbf24", contrastText: "#231a02" },
  success: { main: "#4ade80", contrastText: "#052e14" },
  error: { main: "#f87171", contrastText: "#2b0707" },
  text: { primary: "#e6ebf0", secondary: "#9dabba" },
  divider: "#26323e",
  background: { default: "#111a22", paper: "#17222c" },
  action: { hover: "rgba(230, 235, 240, 0.06)", selected: "rgba(45, 212, 191, 0.13)" },
  desk: {
    ground: "#0c141b",
    theirs: "#202d39",
    ours: "#134640",
    oursText: "#e2f7f3",
    note: "#332a12",
    noteBorder: "#a67c1e",
    glow: "rgba(251, 191, 36, 0.20)",
    waiting: "#fbbf24",
    resolved: "#4ade80",
  },
};

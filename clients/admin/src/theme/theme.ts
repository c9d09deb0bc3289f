import type { PaletteOptions, ThemeOptions } from "@mui/material/styles";
import { darkPalette, lightPalette } from "./palette";

export const lightTheme = deskTheme(lightPalette);
export const darkTheme = deskTheme(darkPalette);

function deskTheme(palette: PaletteOptions): ThemeOptions {
  return {
    palette,
    shape: { borderRadius: 8 },
    typography: {
      // The system's own face: nothing to fetch, and the policy allows nothing foreign.
      fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
      fontSize: 14,
      body1: { fontSize: "0.9375rem", lineHeight: 1.5 },
      body2: { fontSize: "0.8438rem", lineHeight: 1.45 },
      caption: { fontSize: "0.75rem", lineHeight: 1.4 },
      h1: { fontSize: "1.25rem", fontWeight: 650 },
      h2: { fontSize: "1.0313rem", fontWeight: 650, lineHeight: 1.35 },
      h3: { fontSize: "0.9063rem", fontWeight: 650 },
      h6: { fontSize: "1.0313rem", fontWeight: 650 },
      button: { textTransform: "none", fontWeight: 600 },
    },
    components: {
      MuiCssBaseline: {
        styleOverrides: {
          "html, body, #root": { height: "100%" },
          "input[type=search]::-webkit-search-cancel-button": { filter: "grayscale(1)" },
          ":focus-visible": { outline: `2px solid ${mainOf(palette)}`, outlineOffset: 2 },
          "@media (prefers-reduced-motion: reduce)": {
            // Exactly 0: the shortest real duration would set every property of every element in motion, since
            // `transition-property` is `all`, and the thread would be measured before it has its height.
            "*, *::before, *::after": { animationDuration: "0.01ms !important", transitionDuration: "0s !important" },
          },
        },
      },
      MuiPaper: { styleOverrides: { root: { backgroundImage: "none" } } },
      MuiButton: { defaultProps: { disableElevation: true }, styleOverrides: { root: { borderRadius: 8 } } },
      MuiButtonBase: {
        styleOverrides: {
          root: { "&.Mui-focusVisible": { outline: `2px solid ${mainOf(palette)}`, outlineOffset: -2 } },
        },
      },
      MuiTooltip: {
        // Inside a landmark, as all content should be.
        defaultProps: { enterDelay: 500, arrow: true, slotProps: { popper: { container: () => document.getElementById("main-content") } } },
      },
      MuiTab: { styleOverrides: { root: { minHeight: 44, minWidth: 0, padding: "8px 10px" } } },
      MuiTabs: { styleOverrides: { root: { minHeight: 44 } } },
      MuiTextField: { defaultProps: { size: "small" } },
      MuiFormControl: { defaultProps: { size: "small" } },
      MuiDialog: { styleOverrides: { paper: { borderRadius: 12 } } },
      MuiTableCell: { styleOverrides: { head: { fontWeight: 650 } } },
    },
  };
}

function mainOf(palette: PaletteOptions): string {
  const { primary } = palette;
  return primary !== undefined && "main" in primary && primary.main !== undefined ? primary.main : "currentColor";
}

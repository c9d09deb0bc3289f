import LogoutIcon from "@mui/icons-material/Logout";
import SettingsIcon from "@mui/icons-material/SettingsOutlined";
import { Alert, Box, Button, Divider, FormControlLabel, IconButton, Popover, Switch, ToggleButton, ToggleButtonGroup, Tooltip, Typography } from "@mui/material";
import { useLocaleState, useLogout, useRemoveFromStore, useStore, useStoreContext, useTranslate } from "ra-core";
import { useId, useState, type ReactNode } from "react";
import { notificationPermission, requestNotifications } from "../alerts/desktop";
import type { ManagerIdentity } from "../auth/authProvider";
import { LOCALES } from "../i18n/i18nProvider";
import { DRAFTS, useDesktopPreference, useSoundPreference } from "./preferences";

/** Language, appearance, sound, notifications and the way out. */
export function SettingsMenu({ identity }: { identity: ManagerIdentity }) {
  const translate = useTranslate();
  const logout = useLogout();
  const store = useStoreContext();
  // Who goes of their own will leaves nothing behind; a session that ends by itself keeps what was being written.
  const signOut = () => {
    store.removeItems(DRAFTS);
    void logout();
  };
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const label = translate("otvet.nav.settings");
  return (
    <>
      <Tooltip title={label} placement="right">
        <IconButton aria-label={label} aria-haspopup="dialog" onClick={(event) => setAnchor(event.currentTarget)}>
          <SettingsIcon fontSize="small" />
        </IconButton>
      </Tooltip>
      <Popover
        open={anchor !== null}
        anchorEl={anchor}
        onClose={() => setAnchor(null)}
        anchorOrigin={{ vertical: "bottom", horizontal: "right" }}
        transformOrigin={{ vertical: "bottom", horizontal: "left" }}
        slotProps={{ paper: { role: "dialog", "aria-label": label, sx: { p: 2, width: 300, maxWidth: "calc(100vw - 16px)" } } }}
      >
        <Typography variant="h2" component="h2" noWrap title={identity.fullName}>{identity.fullName}</Typography>
        <Typography variant="body2" color="textSecondary" sx={{ mb: 1.5 }}>{translate(`otvet.people.roles.${identity.role}`)}</Typography>
        <LanguageChoice />
        <ThemeChoice />
        <Divider sx={{ my: 1 }} />
        <SoundChoice />
        <DesktopChoice />
        <Divider sx={{ my: 1 }} />
        <Button fullWidth color="secondary" startIcon={<LogoutIcon />} onClick={signOut}>{translate("otvet.nav.sign_out")}</Button>
      </Popover>
    </>
  );
}

export function LanguageChoice() {
  const translate = useTranslate();
  const [locale, setLocale] = useLocaleState();
  return (
    <Choice label={translate("otvet.settings.language")} value={locale} onChange={setLocale}>
      {LOCALES.map(({ locale: value, name }) => <ToggleButton key={value} value={value} lang={value}>{name}</ToggleButton>)}
    </Choice>
  );
}

function ThemeChoice() {
  const translate = useTranslate();
  const [theme, setTheme] = useStore<"light" | "dark" | undefined>("theme");
  const remove = useRemoveFromStore();
  // Without a choice React Admin follows the system.
  const choose = (value: string) => (value === "light" || value === "dark" ? setTheme(value) : remove("theme"));
  return (
    <Choice label={translate("otvet.settings.theme")} value={theme ?? "system"} onChange={choose}>
      {["system", "light", "dark"].map((value) => <ToggleButton key={value} value={value}>{translate(`otvet.settings.theme_${value}`)}</ToggleButton>)}
    </Choice>
  );
}

function SoundChoice() {
  const translate = useTranslate();
  const [sound, setSound] = useSoundPreference();
  return <FormControlLabel control={<Switch size="small" checked={sound} onChange={(_, on) => setSound(on)} />} label={translate("otvet.settings.sound")} slotProps={{ typography: { variant: "body2" } }} sx={{ ml: -0.5, minHeight: 36 }} />;
}

function DesktopChoice() {
  const translate = useTranslate();
  const [desktop, setDesktop] = useDesktopPreference();
  const [permission, setPermission] = useState(notificationPermission);
  async function choose(on: boolean) {
    const answer = on ? await requestNotifications() : permission;
    setPermission(answer);
    setDesktop(on && answer === "granted");
  }
  return (
    <>
      <FormControlLabel
        control={<Switch size="small" checked={desktop && permission === "granted"} disabled={permission === "missing"} onChange={(_, on) => void choose(on)} />}
        label={translate("otvet.settings.desktop")}
        slotProps={{ typography: { variant: "body2" } }}
        sx={{ ml: -0.5, minHeight: 36 }}
      />
      {permission === "denied" && <Alert severity="info" sx={{ mt: 1 }}>{translate("otvet.settings.desktop_denied")}</Alert>}
      {permission === "missing" && <Alert severity="info" sx={{ mt: 1 }}>{translate("otvet.settings.desktop_missing")}</Alert>}
    </>
  );
}

function Choice({ label, value, onChange, children }: { label: string; value: string; onChange: (value: string) => void; children: ReactNode }) {
  const id = useId();
  return (
    <Box sx={{ mb: 1.5 }}>
      <Typography id={id} variant="caption" component="div" color="textSecondary" sx={{ mb: 0.5 }}>{label}</Typography>
      <ToggleButtonGroup
        exclusive
        fullWidth
        size="small"
        color="primary"
        value={value}
        aria-labelledby={id}
        onChange={(_, chosen: string | null) => chosen !== null && onChange(chosen)}
        sx={{ "& .MuiToggleButton-root": { py: 0.5, px: 0.75, fontSize: 12.5, lineHeight: 1.3 } }}
      >
        {children}
      </ToggleButtonGroup>
    </Box>
  );
}

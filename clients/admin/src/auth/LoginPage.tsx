import VisibilityIcon from "@mui/icons-material/VisibilityOutlined";
import VisibilityOffIcon from "@mui/icons-material/VisibilityOffOutlined";
import { Alert, Box, Button, IconButton, InputAdornment, Paper, TextField, Typography } from "@mui/material";
import { useLogin, useTranslate } from "ra-core";
import { useEffect, useState, type SyntheticEvent } from "react";
import { Notification } from "react-admin";
import { codeOf, describeFailure } from "../api/problem";
import { useDocumentLanguage } from "../i18n/useDocumentLanguage";
import { Mark } from "../layout/Mark";
import { LanguageChoice } from "../layout/SettingsMenu";
import { NotAManagerError } from "./authProvider";

/** The way in. */
export function LoginPage() {
  const translate = useTranslate();
  useDocumentLanguage();
  useEffect(() => {
    document.title = translate("otvet.name");
  }, [translate]);
  return (
    <Box component="main" sx={{ minHeight: "100dvh", display: "grid", placeItems: "center", p: 2, bgcolor: "desk.ground" }}>
      <Paper variant="outlined" sx={{ width: "100%", maxWidth: 400, p: { xs: 3, sm: 4 }, borderRadius: 2 }}>
        <Box sx={{ display: "flex", alignItems: "center", gap: 1.5, mb: 3 }}>
          <Mark size={40} />
          <Box>
            <Typography component="h1" variant="h1">{translate("otvet.login.title")}</Typography>
            <Typography variant="body2" color="textSecondary">{translate("otvet.login.subtitle")}</Typography>
          </Box>
        </Box>
        <SignInForm />
        <Box sx={{ mt: 3, mb: -1.5 }}><LanguageChoice /></Box>
      </Paper>
      <Notification />
    </Box>
  );
}

function SignInForm() {
  const translate = useTranslate();
  const login = useLogin();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [checked, setChecked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  async function submit(event: SyntheticEvent) {
    event.preventDefault();
    setChecked(true);
    if (email.trim() === "" || password === "") return;
    setBusy(true);
    setFailure(null);
    try {
      await login({ email: email.trim(), password });
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  }

  const missing = (value: string) => checked && value.trim() === "";
  const required = translate("otvet.login.required");
  return (
    <Box component="form" noValidate onSubmit={(event) => void submit(event)} sx={{ display: "flex", flexDirection: "column", gap: 2 }}>
      {failure !== null && <Alert severity="error">{failureText(failure, translate)}</Alert>}
      <TextField
        label={translate("otvet.login.email")} type="email" name="email" autoComplete="username" autoFocus size="medium"
        value={email} onChange={(event) => setEmail(event.target.value)} error={missing(email)} helperText={missing(email) ? required : undefined}
      />
      <PasswordField value={password} onChange={setPassword} problem={missing(password) ? required : undefined} />
      <Button type="submit" variant="contained" size="large" loading={busy}>{translate("otvet.login.submit")}</Button>
    </Box>
  );
}

function PasswordField({ value, onChange, problem }: { value: string; onChange: (value: string) => void; problem: string | undefined }) {
  const translate = useTranslate();
  const [shown, setShown] = useState(false);
  return (
    <TextField
      label={translate("otvet.login.password")} type={shown ? "text" : "password"} name="password" autoComplete="current-password" size="medium"
      value={value} onChange={(event) => onChange(event.target.value)} error={problem !== undefined} helperText={problem}
      slotProps={{
        input: {
          endAdornment: (
            <InputAdornment position="end">
              <IconButton edge="end" aria-label={translate(shown ? "otvet.login.hide_password" : "otvet.login.show_password")} onClick={() => setShown(!shown)}>
                {shown ? <VisibilityOffIcon fontSize="small" /> : <VisibilityIcon fontSize="small" />}
              </IconButton>
            </InputAdornment>
          ),
        },
      }}
    />
  );
}

/** A refused sign-in is about this email and password, not about a session: it has words of its own. */
function failureText(failure: unknown, translate: (key: string) => string): string {
  if (failure instanceof NotAManagerError) return translate("otvet.login.not_a_manager");
  const code = codeOf(failure);
  if (code === "unauthorized" || code === "invalid") return translate("otvet.login.wrong");
  return describeFailure(failure, translate);
}

import type { TokenInfo } from "@otvet/sdk";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { clock, day } from "../i18n/dates.js";
import { useFace } from "../ui/context.js";
import { Icon } from "../ui/icons.js";
import { formProblem } from "../ui/problem.js";

/** Where this person is signed in, and the way to end it. */
export function Devices(): JSX.Element {
  const { session, settings, router, t } = useFace();
  const [tokens, setTokens] = useState<TokenInfo[]>([]);
  const [note, setNote] = useState<string | null>(null);
  const fail = (error: unknown) => setNote(formProblem(error, t).general ?? t.errorUnknown);
  useEffect(() => {
    session.rest.tokens().then(setTokens, fail);
  }, []);
  const revoke = async (token: TokenInfo) => {
    try {
      await session.rest.revokeToken(token.id);
      setTokens((all) => all.filter((other) => other.id !== token.id));
      setNote(t.revoked(token.name));
    } catch (error) {
      fail(error);
    }
  };
  const used = (token: TokenInfo) =>
    token.last_used_at ? t.lastUsed(`${day(token.last_used_at, settings.language, Date.now(), t)}, ${clock(token.last_used_at, settings.language)}`) : t.neverUsed;
  return (
    <section class="sheet">
      <header class="sheet-head">
        <button class="round" aria-label={t.back} onClick={() => router.go({ screen: "account" })}><Icon name="back" /></button>
        <h1>{t.devices}</h1>
      </header>
      <div class="sheet-body">
        <p role="status" class="field-hint">{note}</p>
        <ul class="devices">
          {tokens.map((token) => (
            <li key={token.id} class="device">
              <Icon name="devices" />
              <span class="device-words">
                <span class="device-name">{token.name}</span>
                <span class="field-hint">{isCurrent(token, session.tokenId) ? t.thisDevice : used(token)}</span>
              </span>
              {!isCurrent(token, session.tokenId) && (
                <button class="secondary small" aria-label={t.revokeOf(token.name)} onClick={() => void revoke(token)}>{t.revoke}</button>
              )}
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function isCurrent(token: TokenInfo, own: string | null): boolean {
  return token.current ?? String(token.id) === own;
}

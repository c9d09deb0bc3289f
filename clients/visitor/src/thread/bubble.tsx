import type { JSX } from "preact";
import { clock } from "../i18n/dates.js";
import { Avatar } from "../ui/avatar.js";
import { useFace } from "../ui/context.js";
import { Icon, type IconName } from "../ui/icons.js";
import { Text } from "../ui/text.js";
import type { Delivery, Row } from "./rows.js";

const SIGNS: Record<Delivery, IconName> = { queued: "clock", sending: "clock", sent: "check", read: "checks", refused: "alert" };

/** One row of a thread. */
export function RowView({ row }: { row: Row }): JSX.Element {
  const { settings } = useFace();
  switch (row.type) {
    case "day":
      return <div class="day"><span>{row.text}</span></div>;
    case "system":
      return (
        <div class="system">
          <Icon name={row.icon} size={15} />
          <span>{row.text}</span>
          <time dateTime={row.at}>{clock(row.at, settings.language)}</time>
        </div>
      );
    case "message":
      return <Bubble row={row} />;
  }
}

function Bubble({ row }: { row: Extract<Row, { type: "message" }> }): JSX.Element {
  const { session, settings, t } = useFace();
  const { author, isOwn, item } = row;
  const classes = ["message", isOwn ? "own" : "other", row.opensRun && "opens", row.closesRun && "closes", row.delivery === "refused" && "failed"];
  return (
    <div class={classes.filter(Boolean).join(" ")}>
      {!isOwn && (row.closesRun ? <Avatar id={author.id} name={author.name} /> : <span class="avatar-gap" />)}
      <div class="bubble-column">
        {!isOwn && row.opensRun ? <span class="author">{author.name}</span> : <span class="unseen">{isOwn ? t.you : author.name}: </span>}
        <div class="bubble">
          <span class="body"><Text body={row.body} /></span>
          <span class="meta">
            <time dateTime={new Date(row.at).toISOString()}>{clock(row.at, settings.language)}</time>
            {row.delivery && <DeliverySign delivery={row.delivery} />}
          </span>
        </div>
        {item?.state === "refused" && (
          <p class="failure">
            {t.failed}{item.error ? `: ${item.error.message}` : ""}{" "}
            <button class="link" onClick={() => void session.client.retry(item.key)}>{t.retry}</button>{" "}
            <button class="link" onClick={() => void session.client.discard(item.key)}>{t.discard}</button>
          </p>
        )}
      </div>
    </div>
  );
}

function DeliverySign({ delivery }: { delivery: Delivery }): JSX.Element {
  const { t } = useFace();
  const words = { queued: t.queued, sending: t.sending, sent: t.sent, read: t.read, refused: t.failed }[delivery];
  return (
    <span class={`delivery is-${delivery}`} title={words}>
      <Icon name={SIGNS[delivery]} size={15} />
      <span class="unseen">{words}</span>
    </span>
  );
}

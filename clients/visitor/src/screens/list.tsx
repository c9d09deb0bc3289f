import type { QueuedItem, Summary } from "@otvet/sdk";
import type { JSX } from "preact";
import { brief } from "../i18n/dates.js";
import { Avatar } from "../ui/avatar.js";
import { useFace } from "../ui/context.js";
import { isOwn } from "../thread/own.js";
import { Icon, Mark } from "../ui/icons.js";

/** The person's conversations, the newest on top; questions that are still on their way stand before them. */
export function ConversationList({ current }: { current: string | null }): JSX.Element {
  const { session, router, t } = useFace();
  const conversations = session.client.conversations();
  const onTheWay = session.client.queue().filter((item) => item.command === "open");
  return (
    <nav class="list" aria-label={t.conversations}>
      <header class="list-head">
        <span class="list-brand"><Mark size={30} /><h1>{t.brand}</h1></span>
        <button class="round" aria-label={t.account} title={t.account} onClick={() => router.go({ screen: "account" })}>
          <Icon name="user" />
        </button>
      </header>
      <button class="primary new-question" onClick={() => router.go({ screen: "ask" })}>
        <Icon name="plus" size={18} /> {t.newQuestion}
      </button>
      <div class="list-scroll">
        {onTheWay.map((item) => <Unsent key={item.key} item={item} />)}
        {conversations.length === 0 && onTheWay.length === 0 ? (
          <div class="empty">
            <Mark size={56} />
            <p class="empty-title">{t.noConversations}</p>
            <p>{t.noConversationsHint}</p>
          </div>
        ) : (
          <ul>
            {conversations.map((conversation) => (
              <Entry key={conversation.id} conversation={conversation} isCurrent={conversation.id === current} />
            ))}
          </ul>
        )}
      </div>
    </nav>
  );
}

function Entry({ conversation, isCurrent }: { conversation: Summary; isCurrent: boolean }): JSX.Element {
  const { session, settings, router, t } = useFace();
  const { last_message: last, manager, unread, status } = conversation;
  const typing = session.typing(conversation.id);
  const preview = typing ? t.typing(typing.name) : last && !standsFor(conversation.subject, last.body) ? `${isOwn(last.author, session.person) ? `${t.you}: ` : ""}${last.body}` : "";
  return (
    <li>
      <button class="entry" aria-current={isCurrent ? "page" : undefined} onClick={() => router.go({ screen: "thread", id: conversation.id })}>
        {manager ? <Avatar id={manager.id} name={manager.name} /> : <span class="avatar waiting" aria-hidden="true"><Icon name="clock" /></span>}
        <span class="entry-main">
          <span class="entry-top">
            <span class="entry-title">{title(conversation, t.untitled)}</span>
            <time class="entry-time" dateTime={conversation.updated_at}>{brief(conversation.updated_at, settings.language, Date.now())}</time>
          </span>
          <span class="entry-bottom">
            {preview && <span class={typing ? "entry-preview is-typing" : "entry-preview"}>{preview}</span>}
            {unread > 0 && <span class="badge" aria-label={t.unread(unread)}>{unread > 99 ? "99+" : unread}</span>}
          </span>
          <span class={`status status-${status}`}>{statusText(conversation, t)}</span>
        </span>
      </button>
    </li>
  );
}

function Unsent({ item }: { item: QueuedItem }): JSX.Element {
  const { session, t } = useFace();
  return (
    <div class="unsent">
      <p class="unsent-body">{item.subject ?? item.body}</p>
      {item.state === "refused" ? (
        <p class="unsent-state is-failed">
          {t.failed}: {item.error?.message}{" "}
          <button class="link" onClick={() => void session.client.retry(item.key)}>{t.retry}</button>{" "}
          <button class="link" onClick={() => void session.client.discard(item.key)}>{t.discard}</button>
        </p>
      ) : (
        <p class="unsent-state"><Icon name="clock" size={14} /> {item.state === "sending" ? t.sending : t.questionQueued}</p>
      )}
    </div>
  );
}

/** Whether a subject is the beginning of this message: then one of the two is enough. */
function standsFor(subject: string | null, body: string): boolean {
  return subject !== null && body.startsWith(subject.replace(/…$/, ""));
}

export function title(conversation: Summary, untitled: string): string {
  return conversation.subject?.trim() || conversation.last_message?.body.split("\n")[0] || untitled;
}

export function statusText(conversation: Summary, t: ReturnType<typeof useFace>["t"]): string {
  if (conversation.status === "resolved") return t.statusResolved;
  if (conversation.status === "claimed" && conversation.manager) return t.statusClaimed(conversation.manager.name);
  return t.statusWaiting;
}

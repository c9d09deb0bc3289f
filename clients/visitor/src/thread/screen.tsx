import { type Event, readByOthers, type Thread } from "@otvet/sdk";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { statusText, title } from "../screens/list.js";
import { useChanges } from "../state/observable.js";
import { Avatar } from "../ui/avatar.js";
import { useFace } from "../ui/context.js";
import { Icon } from "../ui/icons.js";
import { RowView } from "./bubble.js";
import { Composer } from "./composer.js";
import { Log } from "./log.js";
import { isOwn } from "./own.js";
import { rows } from "./rows.js";

/** A conversation. */
export function ThreadScreen({ id }: { id: string }): JSX.Element {
  const { session, settings, t } = useFace();
  const thread = useMemo(() => session.client.thread(id), [id, session.client]);
  useChanges(thread);
  const { summary } = thread;
  const [isAtBottom, setIsAtBottom] = useState(true);
  useReading(thread, isAtBottom);

  const readUpTo = summary ? readByOthers(summary, session.person) : 0;
  const { events, pending } = thread;
  const { language, texts } = settings;
  const me = session.person;
  const all = useMemo(
    () => rows({ events, pending, me, readUpTo, language, texts, now: Date.now() }),
    [events, pending, me, readUpTo, language, texts],
  );
  const loadOlder = () => {
    if (session.state === "online") void thread.loadOlder().catch(() => undefined);
  };
  const typing = session.typing(id);
  return (
    <section class="thread" aria-label={summary ? title(summary, t.untitled) : t.untitled}>
      <Head thread={thread} />
      <Log
        label={t.conversations} rows={all} draw={(row) => <RowView row={row} />} onNearTop={loadOlder} onBottom={setIsAtBottom}
        head={<p class="beginning">{thread.hasMore ? (thread.loading ? t.loadingOlder : " ") : t.beginning}</p>}
        foot={<div class="typing" aria-live="polite">{typing && <><span class="dots" aria-hidden="true"><i /><i /><i /></span><span>{t.typing(typing.name)}</span></>}</div>}
      />
      <Announcer events={events} isLoaded={thread.loaded} />
      <Composer conversation={id} />
    </section>
  );
}

function Head({ thread }: { thread: Thread }): JSX.Element {
  const { session, router, t } = useFace();
  const { summary } = thread;
  const isOnline = session.state === "online";
  const act = (call: Promise<unknown>) => void call.catch(() => undefined);
  return (
    <header class="thread-head">
      <button class="round phone-only" aria-label={t.back} onClick={() => router.go({ screen: "list" })}><Icon name="back" /></button>
      {summary?.manager && <Avatar id={summary.manager.id} name={summary.manager.name} />}
      <div class="thread-words">
        <h1>{summary ? title(summary, t.untitled) : t.untitled}</h1>
        {summary && <p class={`status status-${summary.status}`}>{statusText(summary, t)}</p>}
      </div>
      {summary &&
        (summary.status === "resolved" ? (
          <button class="secondary small" disabled={!isOnline} onClick={() => act(session.client.reopen(thread.id))}>{t.reopen}</button>
        ) : (
          <button class="round" aria-label={t.resolve} title={t.resolve} disabled={!isOnline} onClick={() => act(session.client.resolve(thread.id))}>
            <Icon name="done" />
          </button>
        ))}
    </header>
  );
}

/** Moves the read mark while the newest message is really looked at. */
function useReading(thread: Thread, isAtBottom: boolean): void {
  const { session } = useFace();
  const last = thread.events.findLast((event) => event.kind === "message" && !isOwn(event.author, session.person))?.seq ?? 0;
  useEffect(() => {
    const read = () => {
      const known = session.person ? (thread.summary?.cursors[session.person.id]?.read ?? 0) : 0;
      if (last > known && isAtBottom && document.visibilityState === "visible") void session.client.read(thread.id, last).catch(() => undefined);
    };
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [last, isAtBottom, session.state]);
}

/** Reads new messages of others out loud, and not the old ones that scrolling brings in. */
function Announcer({ events, isLoaded }: { events: readonly Event[]; isLoaded: boolean }): JSX.Element {
  const { session, t } = useFace();
  const heard = useRef<number | null>(null);
  const [words, setWords] = useState("");
  const last = events.at(-1);
  useEffect(() => {
    if (!isLoaded) return;
    const isNew = heard.current !== null && last !== undefined && last.seq > heard.current;
    heard.current = last?.seq ?? 0;
    if (isNew && last.kind === "message" && !isOwn(last.author, session.person)) setWords(t.newMessageFrom(last.author.name, last.body));
  }, [last, isLoaded]);
  return <div class="unseen" aria-live="polite">{words}</div>;
}

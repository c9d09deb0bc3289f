import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Counter, lengthOf } from "../thread/counter.js";
import { useFace } from "../ui/context.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icons.js";

/** A new question. It goes into the queue at once; the thread opens as soon as the server has it. */
export function Ask(): JSX.Element {
  const { session, router, t } = useFace();
  const { limits } = session.client;
  const [subject, setSubject] = useState("");
  const [body, setBody] = useState("");
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useEffect(() => area.current?.focus(), []);
  const length = lengthOf(body);
  const canAsk = body.trim() !== "" && length <= limits.body_chars && lengthOf(subject) <= limits.subject_chars;
  const ask = async () => {
    if (!canAsk) return;
    const item = await session.client.open({ body: body.trim(), subject: subject.trim() || subjectOf(body) });
    const stop = session.client.on("sent", (sent) => {
      if (sent.item.key !== item.key) return;
      stop();
      if (router.route.screen === "list") router.go({ screen: "thread", id: sent.conversation });
    });
    router.go({ screen: "list" }, { replace: true });
  };
  return (
    <section class="sheet" aria-labelledby={`${id}-title`}>
      <header class="sheet-head">
        <button class="round phone-only" aria-label={t.back} onClick={() => router.go({ screen: "list" })}><Icon name="back" /></button>
        <h1 id={`${id}-title`}>{t.newQuestion}</h1>
      </header>
      <form
        class="ask"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <Field label={`${t.subject} (${t.optional})`} name="subject" value={subject} onInput={setSubject} maxLength={limits.subject_chars} autocomplete="off" />
        <div class="field grows">
          <label for={`${id}-body`}>{t.yourQuestion}</label>
          <textarea
            id={`${id}-body`} ref={area} value={body} placeholder={t.questionPlaceholder} rows={6} required
            aria-describedby={`${id}-count`} aria-invalid={length > limits.body_chars}
            onInput={(event) => setBody(event.currentTarget.value)}
          />
        </div>
        <div class="ask-foot">
          <Counter id={`${id}-count`} length={length} limit={limits.body_chars} />
          <button class="primary" disabled={!canAsk}>{t.ask} <Icon name="send" size={18} /></button>
        </div>
      </form>
    </section>
  );
}

/** Characters of a question that stand for it in lists. */
const SUBJECT_LENGTH = 80;

/** The first line of a question: without a subject of its own, its title would change with every message. */
export function subjectOf(body: string): string {
  const characters = [...(body.trim().split("\n")[0] ?? "").trim()];
  return characters.length > SUBJECT_LENGTH ? `${characters.slice(0, SUBJECT_LENGTH - 1).join("").trimEnd()}…` : characters.join("");
}

import type { JSX } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useFace } from "../ui/context.js";
import { Icon } from "../ui/icons.js";
import { Counter, lengthOf } from "./counter.js";

/** Milliseconds between two "is typing". */
const TYPING_EVERY = 2000;
/** Words that were not sent yet, by conversation: they wait while one looks elsewhere. */
const drafts = new Map<string, string>();

/** Where a message is written. Enter sends, Shift+Enter starts a new line. */
export function Composer({ conversation }: { conversation: string }): JSX.Element {
  const { session, t } = useFace();
  const [body, setBody] = useState(drafts.get(conversation) ?? "");
  const [failed, setFailed] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const typed = useRef(0);
  const id = useId();
  const limit = session.client.limits.body_chars;
  const length = lengthOf(body);
  const canSend = length > 0 && length <= limit;

  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [body]);
  useEffect(() => {
    // On a phone the keyboard would cover the thread that was just opened.
    if (matchMedia("(hover: hover)").matches) area.current?.focus();
  }, []);

  const input = (text: string) => {
    setBody(text);
    drafts.set(conversation, text);
    if (text === "" || Date.now() - typed.current < TYPING_EVERY) return;
    typed.current = Date.now();
    session.client.typing(conversation);
  };
  const send = () => {
    if (!canSend) return;
    setFailed(false);
    session.client.send(conversation, body.trim()).catch(() => {
      // It could not even be queued: the words go back where they were, before what was written since.
      const since = drafts.get(conversation);
      const words = since ? `${body}\n${since}` : body;
      drafts.set(conversation, words);
      setBody(words);
      setFailed(true);
    });
    typed.current = 0;
    drafts.delete(conversation);
    setBody("");
    area.current?.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="composer-box">
        <label class="unseen" for={id}>{t.message}</label>
        <textarea
          id={id} ref={area} rows={1} value={body} placeholder={t.messagePlaceholder} enterkeyhint="send"
          aria-describedby={`${id}-hint ${id}-count`} aria-invalid={length > limit}
          onInput={(event) => input(event.currentTarget.value)}
          onKeyDown={(event) => {
            // Enter that ends an input method's composition belongs to the input method.
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <button class="send" aria-label={t.send} title={t.send} disabled={!canSend}><Icon name="send" /></button>
      </div>
      <div class="composer-foot">
        {failed && <span class="form-error" role="alert">{t.errorUnknown}</span>}
        <span id={`${id}-hint`} class="hint">{t.enterHint}</span>
        <Counter id={`${id}-count`} length={length} limit={limit} />
      </div>
    </form>
  );
}

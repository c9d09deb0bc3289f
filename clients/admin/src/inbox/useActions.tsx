import { CommandError, type ConversationId, type Person, type Summary } from "@otvet/sdk";
import { useNotify, useTranslate } from "ra-core";
import { createContext, lazy, Suspense, useContext, useMemo, useState, type ReactNode } from "react";
import { describeFailure } from "../api/problem";
import { useClient } from "../realtime/session";
import { useInbox } from "./InboxProvider";
import { TakeOverDialog } from "../thread/TakeOverDialog";

const TransferDialog = lazy(() => import("../thread/TransferDialog"));

/** What a manager can do with a conversation besides writing in it. */
export interface Actions {
  claim: (conversation: Summary) => void;
  /** Asks first. */
  takeOver: (conversation: Summary) => void;
  release: (conversation: Summary) => void;
  /** Asks to whom. */
  transfer: (conversation: Summary) => void;
  resolve: (conversation: Summary) => void;
  reopen: (conversation: Summary) => void;
  /** The conversation whose action has not been answered yet. */
  busy: ConversationId | null;
}

const ActionsContext = createContext<Actions | null>(null);

export function useActions(): Actions {
  const actions = useContext(ActionsContext);
  if (actions === null) throw new Error("useActions needs an ActionsProvider above it");
  return actions;
}

type Question = { ask: "take_over"; conversation: Summary; holder: Person | null } | { ask: "transfer"; conversation: Summary };

export function ActionsProvider({ children }: { children: ReactNode }) {
  const client = useClient();
  const { refresh } = useInbox();
  const notify = useNotify();
  const translate = useTranslate();
  const [busy, setBusy] = useState<ConversationId | null>(null);
  const [question, setQuestion] = useState<Question | null>(null);

  const actions = useMemo<Actions>(() => {
    async function perform(conversation: Summary, command: () => Promise<unknown>, done: string, words?: Record<string, string>) {
      setBusy(conversation.id);
      try {
        await command();
        notify(`otvet.actions.${done}`, { type: "success", autoHideDuration: 2500, ...(words && { messageArgs: words }) });
      } catch (error) {
        notify(describeFailure(error, translate), { type: "error" });
      } finally {
        setBusy(null);
        // Who else acts on it comes by the inbox stream; a conversation that is not in it has only this.
        refresh(conversation.id).catch(() => undefined);
      }
    }

    async function claim(conversation: Summary) {
      setBusy(conversation.id);
      try {
        await client.claim(conversation.id);
        notify("otvet.actions.done_claim", { type: "success", autoHideDuration: 2500 });
      } catch (error) {
        const holder = holderIn(error);
        if (holder !== null) setQuestion({ ask: "take_over", conversation, holder });
        else notify(describeFailure(error, translate), { type: "error" });
      } finally {
        setBusy(null);
        refresh(conversation.id).catch(() => undefined);
      }
    }

    return {
      busy,
      claim: (conversation) => void claim(conversation),
      takeOver: (conversation) => setQuestion({ ask: "take_over", conversation, holder: conversation.manager }),
      transfer: (conversation) => setQuestion({ ask: "transfer", conversation }),
      release: (conversation) => void perform(conversation, () => client.release(conversation.id), "done_release"),
      resolve: (conversation) => void perform(conversation, () => client.resolve(conversation.id), "done_resolve"),
      reopen: (conversation) => void perform(conversation, () => client.reopen(conversation.id), "done_reopen"),
    };
  }, [busy, client, notify, refresh, translate]);

  function answer(command: (id: ConversationId) => Promise<unknown>, done: string, words?: Record<string, string>) {
    if (question === null) return;
    const { id } = question.conversation;
    setQuestion(null);
    command(id)
      .then(() => notify(`otvet.actions.${done}`, { type: "success", autoHideDuration: 2500, ...(words && { messageArgs: words }) }))
      .catch((error: unknown) => notify(describeFailure(error, translate), { type: "error" }))
      .finally(() => refresh(id).catch(() => undefined));
  }

  return (
    <ActionsContext.Provider value={actions}>
      {children}
      {question?.ask === "take_over" && (
        <TakeOverDialog
          holder={question.holder}
          onCancel={() => setQuestion(null)}
          onConfirm={() => answer((id) => client.claim(id, { takeOver: true }), "done_claim")}
        />
      )}
      {question?.ask === "transfer" && (
        <Suspense fallback={null}>
          <TransferDialog
            onCancel={() => setQuestion(null)}
            onChoose={(manager) => answer((id) => client.transfer(id, manager.id), "done_transfer", { name: manager.name })}
          />
        </Suspense>
      )}
    </ActionsContext.Provider>
  );
}

/** A claim that came too late is refused with the name of who holds the conversation. */
function holderIn(error: unknown): Person | null {
  return error instanceof CommandError ? (error.frame.manager ?? null) : null;
}

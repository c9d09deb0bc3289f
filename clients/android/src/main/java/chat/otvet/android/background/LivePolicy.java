package chat.otvet.android.background;

import chat.otvet.android.delivery.ClientView;
import chat.otvet.android.protocol.Summary;
import chat.otvet.android.screen.Words;

/** When a conversation is worth a connection without a screen. Pure. */
final class LivePolicy {
  /** A manager who has said nothing for so long is waited for by the job instead. */
  static final long LIVE_FOR_MS = 10 * 60_000;

  private LivePolicy() {}

  /** Somebody is answering, and something has happened a short while ago. */
  static boolean isLive(ClientView view, long now) {
    for (Summary conversation : view.conversations) {
      if (conversation.status.equals(Summary.CLAIMED) && now - Words.time(conversation.updatedAt) < LIVE_FOR_MS) return true;
    }
    return false;
  }
}

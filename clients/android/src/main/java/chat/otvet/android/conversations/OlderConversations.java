package chat.otvet.android.conversations;

import android.os.Handler;
import android.os.Looper;
import chat.otvet.android.account.ProblemException;
import chat.otvet.android.account.Rest;
import chat.otvet.android.account.Session;
import chat.otvet.android.delivery.Client;

/** Fetches by REST what the socket's greeting has no room for: it lists the newest 50 conversations. */
final class OlderConversations {
  /** As many as {@code ready} lists; a shorter list is whole. */
  private static final int LISTED = 50;

  private final Session session;
  private final Handler main = new Handler(Looper.getMainLooper());
  private String cursor;
  private boolean loading;
  private boolean done;

  OlderConversations(Session session) {
    this.session = session;
  }

  /** The person has come to the end of what is shown. */
  void loadNext(int shown) {
    if (loading || done || shown < LISTED || session.client() == null) return;
    loading = true;
    Rest rest = session.rest();
    Client client = session.client();
    String from = cursor;
    new Thread(() -> {
      Runnable outcome;
      try {
        Rest.Page page = rest.conversations(from);
        outcome = () -> {
          loading = false;
          cursor = page.next;
          done = page.next == null;
          client.addOlder(page.conversations);
        };
      } catch (ProblemException e) {
        // The next scroll to the end tries again.
        outcome = () -> loading = false;
      }
      main.post(outcome);
    }, "older-conversations").start();
  }
}

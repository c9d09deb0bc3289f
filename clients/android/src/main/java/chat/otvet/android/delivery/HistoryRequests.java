package chat.otvet.android.delivery;

import chat.otvet.android.connection.Answer;
import chat.otvet.android.connection.Backoff;
import chat.otvet.android.connection.Loop;
import chat.otvet.android.connection.RequestBook;
import chat.otvet.android.protocol.Command;
import chat.otvet.android.protocol.ServerFrame.Ok;
import chat.otvet.android.protocol.ServerFrame.Refusal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.DoubleSupplier;

/**
 * Asks for pages of history until they are here. Over a lost socket {@link RequestBook} keeps them for the next one; what
 * the server refuses only for now is asked for again here, after the time that it names.
 */
final class HistoryRequests {
  /** A server that fails this often on one page will not do better. */
  static final int INTERNAL_TRIES = 5;

  private final RequestBook requests;
  private final Loop loop;
  private final DoubleSupplier random;
  /** Who waits for a page that is to be asked for again, and the timer that does so. */
  private final Map<Answer, Loop.Timer> refused = new LinkedHashMap<>();

  HistoryRequests(RequestBook requests, Loop loop, DoubleSupplier random) {
    this.requests = requests;
    this.loop = loop;
    this.random = random;
  }

  void ask(Command command, Answer answer) {
    ask(command, answer, 0);
  }

  /** Gives up what is to be asked for again, for a client that ends. */
  void abandon() {
    for (Loop.Timer timer : refused.values()) timer.cancel();
    for (Answer answer : new ArrayList<>(refused.keySet())) answer.unknown();
    refused.clear();
  }

  private void ask(Command command, Answer answer, int failed) {
    requests.ask(command, new Answer() {
      @Override
      public void ok(Ok ok) {
        answer.ok(ok);
      }

      @Override
      public void refused(Refusal refusal) {
        boolean givenUp = refusal.code.equals("internal") && failed + 1 >= INTERNAL_TRIES;
        if (refusal.isPassing() && !givenUp) later(command, answer, failed, refusal.retryAfterMs);
        else answer.refused(refusal);
      }

      @Override
      public void unknown() {
        answer.unknown();
      }
    });
  }

  private void later(Command command, Answer answer, int failed, long atLeastMs) {
    refused.put(answer, loop.after(Backoff.delay(failed, random.getAsDouble(), atLeastMs), () -> {
      refused.remove(answer);
      ask(command, answer, failed + 1);
    }));
  }
}

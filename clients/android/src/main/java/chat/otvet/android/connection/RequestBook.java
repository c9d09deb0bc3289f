package chat.otvet.android.connection;

import chat.otvet.android.protocol.Command;
import chat.otvet.android.protocol.ServerFrame.Ok;
import chat.otvet.android.protocol.ServerFrame.Refusal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Commands and their answers. At most {@code limit} are under way at once; the rest wait in order. When the socket is lost,
 * what may be repeated waits for the next one, and of all else the outcome is unknown.
 */
public final class RequestBook {
  /** Sends a command of the book. */
  public interface Sender {
    void send(Command command, Object id);
  }

  /**
   * Asking later, or again, is what the person still wants and changes nothing more. Messages are not among them: their
   * queue repeats them itself, under their keys.
   */
  private static final Set<String> REPEATABLE = new HashSet<>(Arrays.asList("history", "read", "delivered"));

  private static final class Request {
    final Command command;
    final Answer answer;

    Request(Command command, Answer answer) {
      this.command = command;
      this.answer = answer;
    }

    boolean isRepeatable() {
      return REPEATABLE.contains(command.type);
    }
  }

  private final Map<Long, Request> underWay = new LinkedHashMap<>();
  private ArrayDeque<Request> waiting = new ArrayDeque<>();
  private int limit = 16;
  private long nextId = 1;
  private Sender sender;

  /** Asks now, or, what may wait, as soon as there is a connection. */
  public void ask(Command command, Answer answer) {
    Request request = new Request(command, answer);
    if (sender == null && !request.isRepeatable()) {
      answer.unknown();
      return;
    }
    waiting.add(request);
    pump();
  }

  /** An id for a frame that this book does not answer for. */
  public long takeId() {
    return nextId++;
  }

  public void connected(int most, Sender through) {
    limit = most;
    sender = through;
    pump();
  }

  public void lost() {
    settle(true);
  }

  /** Gives up everything, for a client that ends. */
  public void abandon() {
    settle(false);
  }

  public void answered(Ok ok) {
    Request request = underWay.remove(ok.id);
    if (request == null) return;
    request.answer.ok(ok);
    pump();
  }

  public void answered(Refusal refusal) {
    Request request = underWay.remove(refusal.id);
    if (request == null) return;
    request.answer.refused(refusal);
    pump();
  }

  private void settle(boolean keepRepeatable) {
    sender = null;
    List<Request> all = new ArrayList<>(underWay.values());
    all.addAll(waiting);
    underWay.clear();
    waiting = new ArrayDeque<>();
    for (Request request : all) if (keepRepeatable && request.isRepeatable()) waiting.add(request);
    for (Request request : all) if (!keepRepeatable || !request.isRepeatable()) request.answer.unknown();
  }

  private void pump() {
    while (sender != null && underWay.size() < limit && !waiting.isEmpty()) {
      Request request = waiting.poll();
      long id = takeId();
      underWay.put(id, request);
      sender.send(request.command, id);
    }
  }
}

package chat.otvet.android.delivery;

import static chat.otvet.android.delivery.Sample.position;
import static chat.otvet.android.delivery.Sample.tree;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import chat.otvet.android.connection.ConnectionState;
import chat.otvet.android.connection.HandLoop;
import chat.otvet.android.connection.Socket;
import chat.otvet.android.protocol.Encoding;
import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.store.MemoryStore;
import chat.otvet.android.store.QueuedItem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;

/** The whole client with a server that the test plays by hand, and a clock that it moves. */
@RunWith(RobolectricTestRunner.class)
public class ClientTest {
  private static final String SESSION = "session/u7";

  private final HandLoop loop = new HandLoop();
  private final MemoryStore store = new MemoryStore();
  private final List<Line> lines = new ArrayList<>();
  private final List<Event> applied = new ArrayList<>();
  private boolean offline;
  private int keys;
  private Client client;
  private ClientView view;
  private ThreadView thread;

  /** One socket, seen from the server's end. */
  private static final class Line implements Socket {
    final List<Map<String, Object>> sent = new ArrayList<>();
    final Listener listener;
    boolean closed;

    Line(Listener listener) {
      this.listener = listener;
    }

    @Override
    public void send(Map<String, Object> frame) {
      sent.add(frame);
    }

    @Override
    public void close() {
      closed = true;
    }

    void say(Map<String, Object> frame) {
      listener.received(Encoding.MESSAGE_PACK.encode(frame), Encoding.MESSAGE_PACK);
    }

    Map<String, Object> last(String type) {
      for (int i = sent.size() - 1; i >= 0; i--) if (sent.get(i).get("type").equals(type)) return sent.get(i);
      return null;
    }

    List<Map<String, Object>> all(String type) {
      return sent.stream().filter(frame -> frame.get("type").equals(type)).collect(Collectors.toList());
    }
  }

  @Before
  public void makeClient() {
    Client.Parts parts = new Client.Parts();
    parts.loop = loop;
    parts.store = store;
    parts.sockets = listener -> {
      Line line = new Line(listener);
      lines.add(line);
      return line;
    };
    parts.token = "7|secret";
    parts.person = new Person("u7", "visitor", "Anna");
    parts.device = "android";
    parts.random = () -> 0.5;
    parts.newKey = () -> "key" + ++keys;
    parts.offline = () -> offline;
    parts.screen = Runnable::run;
    parts.applied = applied::add;
    client = new Client(parts);
    client.observers().list(now -> view = now);
    client.observers().thread("c", now -> thread = now);
  }

  @Test
  public void aGapIsFilledBeforeAnythingLaterIsShown() {
    online(tree("conversation/c", position("E", 2)), tree());
    client.open("c");
    answer("history", tree("events", List.of(Sample.messageTree("c", 1, "u7", "one"), Sample.messageTree("c", 2, "u2", "two")), "more", false));
    line().say(Sample.messageTree("c", 5, "u2", "five"));
    line().say(Sample.messageTree("c", 4, "u2", "four"));
    assertEquals(List.of("one", "two"), bodies());
    assertEquals(2L, line().last("history").get("after"));
    answer("history", tree("events", List.of(Sample.messageTree("c", 3, "u2", "three")), "more", false));
    assertEquals(List.of("one", "two", "three", "four", "five"), bodies());
    assertEquals(List.of(3L, 4L, 5L), applied.stream().map(event -> event.seq).collect(Collectors.toList()));
  }

  @Test
  public void messagesGoOneAtATimeAndInOrderAlsoOverALostSocket() {
    online(tree(), tree());
    for (String body : List.of("a", "b", "c")) client.send("c", null, body, item -> {});
    assertEquals(List.of("a"), sentBodies());
    line().listener.closed(1006);
    assertEquals(ConnectionState.WAITING, view.state);
    assertEquals(3, view.queue.size());
    loop.pass(251);
    online(tree(), tree());
    assertEquals(List.of("a"), sentBodies());
    assertEquals("key1", line().last("send").get("key"));
    answer("send", tree("seq", 3L));
    answer("send", tree("seq", 4L));
    answer("send", tree("seq", 5L));
    assertEquals(List.of("a", "b", "c"), sentBodies());
    assertTrue(view.queue.isEmpty());
    assertTrue(store.queue("u7").isEmpty());
  }

  @Test
  public void anEventWithTheKeyConfirmsEvenIfNoAnswerCame() {
    online(tree("conversation/c", position("E", 1)), tree());
    client.open("c");
    answer("history", tree("events", List.of(Sample.messageTree("c", 1, "u7", "one")), "more", false));
    client.send("c", null, "two", item -> {});
    assertEquals(1, thread.pending.size());
    Map<String, Object> event = Sample.messageTree("c", 2, "u7", "two");
    event.put("key", "key1");
    line().say(event);
    assertEquals(List.of("one", "two"), bodies());
    assertTrue(thread.pending.isEmpty());
    assertTrue(store.queue("u7").isEmpty());
  }

  @Test
  public void anAcknowledgedMessageIsShownUntilItsEventComes() {
    online(tree("conversation/c", position("E", 1)), tree());
    client.open("c");
    answer("history", tree("events", List.of(Sample.messageTree("c", 1, "u7", "one")), "more", false));
    client.send("c", null, "two", item -> {});
    answer("send", tree("seq", 2L));
    assertEquals(1, thread.pending.size());
    assertTrue(view.queue.isEmpty());
    Map<String, Object> event = Sample.messageTree("c", 2, "u7", "two");
    event.put("key", "key1");
    line().say(event);
    assertTrue(thread.pending.isEmpty());
    assertEquals(List.of("one", "two"), bodies());
  }

  @Test
  public void refusalsPauseOrWaitForThePerson() {
    online(tree(), tree());
    client.send("c", null, "a", item -> {});
    refuse("send", "rate_limited", 2000);
    loop.pass(2249);
    assertEquals(1, line().all("send").size());
    loop.pass(2);
    assertEquals(2, line().all("send").size());
    assertEquals("key1", line().last("send").get("key"));
    refuse("send", "conflict", 0);
    assertEquals(QueuedItem.State.REFUSED, view.queue.get(0).state);
    assertEquals("conflict", store.queue("u7").get(0).errorCode);
    client.retry("key1");
    assertEquals(3, line().all("send").size());
    refuse("send", "invalid", 0);
    client.discard("key1");
    assertTrue(store.queue("u7").isEmpty());
  }

  @Test
  public void aDefectOfTheServerIsNotRepeatedForEver() {
    online(tree(), tree());
    client.send("c", null, "a", item -> {});
    client.send("d", null, "b", item -> {});
    for (int i = 0; i < OutgoingQueue.INTERNAL_TRIES; i++) {
      for (Map<String, Object> send : line().all("send")) {
        if (send.get("conversation").equals("c") && !answered.contains(send.get("id"))) refuseId(send.get("id"), "internal");
      }
      loop.pass(31_000);
    }
    assertEquals(QueuedItem.State.REFUSED, view.queue.get(0).state);
    assertEquals("d", view.queue.get(1).conversation);
  }

  @Test
  public void positionsAreSentAgainAndAReadyThatRecoversNothingIsHealed() {
    online(tree(SESSION, position("S", 3), "conversation/c", position("E", 2)), tree());
    client.open("c");
    answer("history", tree("events", List.of(Sample.messageTree("c", 1, "u7", "one"), Sample.messageTree("c", 2, "u2", "two")), "more", false));
    loop.pass(1000);
    line().listener.closed(1006);
    loop.pass(1000);
    assertEquals(tree("epoch", "S", "seq", 3L), positions().get(SESSION));
    assertEquals(tree("epoch", "E", "seq", 2L), positions().get("conversation/c"));
    line().say(Sample.ready(new ArrayList<>(), tree("conversation/c", position("E", 3)), tree()));
    assertEquals(2L, line().last("history").get("after"));
    answer("history", tree("events", List.of(Sample.messageTree("c", 3, "u2", "three")), "more", false));
    assertEquals(List.of("one", "two", "three"), bodies());
  }

  @Test
  public void aRestartContinuesFromTheStore() {
    online(tree(SESSION, position("S", 3), "conversation/c", position("E", 2)), tree());
    client.open("c");
    answer("history", tree("events", List.of(Sample.messageTree("c", 1, "u7", "one"), Sample.messageTree("c", 2, "u2", "two")), "more", false));
    client.send("c", null, "unsent", item -> {});
    loop.pass(400);
    lines.clear();
    makeClient();
    assertEquals(List.of("one", "two"), bodies());
    assertEquals("unsent", thread.pending.get(0).body);
    client.connect();
    line().listener.opened();
    assertEquals(tree("epoch", "E", "seq", 2L), positions().get("conversation/c"));
    line().say(Sample.ready(new ArrayList<>(), tree("conversation/c", position("E", 4)), tree("conversation/c", true)));
    assertEquals("key1", line().last("send").get("key"));
    line().say(Sample.messageTree("c", 3, "u2", "three"));
    assertEquals(List.of("one", "two", "three"), bodies());
  }

  @Test
  public void aGapInTheOwnListStartsOverOnANewSocket() {
    online(tree(SESSION, position("S", 3)), tree());
    Map<String, Object> upsert =
        tree("type", "event", "stream", SESSION, "seq", 5L, "at", "2026-11-24T08:00:00.000Z", "kind", "upsert", "conversation", Sample.summaryTree("c", 4, 1));
    line().say(upsert);
    assertTrue(lines.get(0).closed);
    assertEquals(ConnectionState.WAITING, view.state);
    assertTrue(view.conversations.isEmpty());
  }

  @Test
  public void aRevokedTokenEndsTheConnectionAndKeepsWhatIsUnsent() {
    online(tree(), tree());
    client.send("c", null, "a", item -> {});
    line().listener.closed(4401);
    assertEquals(ConnectionState.SIGNED_OUT, view.state);
    loop.pass(600_000);
    assertEquals(1, lines.size());
    client.end(true);
    assertEquals(1, store.queue("u7").size());
    assertNull(store.session("u7"));
  }

  @Test
  public void aPageThatIsRefusedForItsRateIsAskedForAgainByItself() {
    online(tree("conversation/c", position("E", 3)), tree());
    client.open("c");
    answer("history", tree("events", List.of(Sample.messageTree("c", 3, "u2", "three")), "more", true));
    client.loadOlder("c");
    refuse("history", "rate_limited", 2000);
    assertTrue("it is still on its way", thread.loading);
    // A scroll meanwhile is one wish more for the same page.
    client.loadOlder("c");
    loop.pass(2249);
    assertEquals(2, line().all("history").size());
    loop.pass(1);
    assertEquals(3, line().all("history").size());
    assertEquals(3L, line().last("history").get("before"));
    answer("history", tree("events", List.of(Sample.messageTree("c", 1, "u7", "one"), Sample.messageTree("c", 2, "u2", "two")), "more", false));
    assertEquals(List.of("one", "two", "three"), bodies());
    assertFalse(thread.loading);
  }

  @Test
  public void aPageThatIsLostWithTheConnectionIsAskedForOnTheNextOne() {
    online(tree("conversation/c", position("E", 2)), tree());
    client.open("c");
    line().listener.closed(1006);
    loop.pass(251);
    online(tree("conversation/c", position("E", 2)), tree());
    refuse("history", "unavailable", 2000);
    line().listener.closed(1006);
    loop.pass(1000);
    assertTrue(line().all("history").isEmpty());
    // Its time comes while there is no connection, so the next ready is waited for.
    line().listener.opened();
    loop.pass(2000);
    assertTrue(line().all("history").isEmpty());
    line().say(Sample.ready(new ArrayList<>(), tree("conversation/c", position("E", 2)), tree()));
    answer("history", tree("events", List.of(Sample.messageTree("c", 1, "u7", "one"), Sample.messageTree("c", 2, "u2", "two")), "more", false));
    assertEquals(List.of("one", "two"), bodies());
    assertEquals(1, line().all("history").size());
  }

  @Test
  public void aGapThatMayNotBeFilledYetNeedsNoNewSocket() {
    online(tree("conversation/c", position("E", 1)), tree());
    client.open("c");
    answer("history", tree("events", List.of(Sample.messageTree("c", 1, "u7", "one")), "more", false));
    line().say(Sample.messageTree("c", 3, "u2", "three"));
    refuse("history", "rate_limited", 500);
    loop.pass(750);
    answer("history", tree("events", List.of(Sample.messageTree("c", 2, "u2", "two"), Sample.messageTree("c", 3, "u2", "three")), "more", false));
    assertEquals(List.of("one", "two", "three"), bodies());
    assertEquals(1, lines.size());
    line().say(Sample.messageTree("c", 5, "u2", "five"));
    refuse("history", "rate_limited", 500);
    client.end(false);
    loop.pass(60_000);
    assertEquals("nothing is asked after the end", 4, line().all("history").size());
  }

  @Test
  public void readMarksSendOnlyTheFurthest() {
    online(tree(), tree());
    client.read("c", 3);
    client.read("c", 5);
    client.read("c", 9);
    assertEquals(1, line().all("read").size());
    answer("read", tree());
    assertEquals(9L, line().last("read").get("seq"));
    answer("read", tree());
    assertEquals(2, line().all("read").size());
  }

  private final List<Object> answered = new ArrayList<>();

  private Line line() {
    return lines.get(lines.size() - 1);
  }

  private void online(Map<String, Object> streams, Map<String, Object> recovered) {
    client.connect();
    line().listener.opened();
    line().say(Sample.ready(new ArrayList<>(), streams, recovered));
    assertEquals(ConnectionState.ONLINE, view.state);
  }

  @SuppressWarnings("unchecked")
  private Map<String, Object> positions() {
    line().listener.opened();
    return (Map<String, Object>) line().last("hello").get("positions");
  }

  private void answer(String type, Map<String, Object> fields) {
    Map<String, Object> ok = tree("type", "ok", "id", line().last(type).get("id"));
    ok.putAll(fields);
    line().say(ok);
  }

  private void refuse(String type, String code, long retryAfterMs) {
    line().say(tree("type", "error", "id", line().last(type).get("id"), "code", code, "message", "no", "retry_after_ms", retryAfterMs));
  }

  private void refuseId(Object id, String code) {
    answered.add(id);
    line().say(tree("type", "error", "id", id, "code", code, "message", "no"));
  }

  private List<String> bodies() {
    return thread.events.stream().map(event -> event.body).collect(Collectors.toList());
  }

  private List<Object> sentBodies() {
    return line().all("send").stream().map(frame -> frame.get("body")).collect(Collectors.toList());
  }
}

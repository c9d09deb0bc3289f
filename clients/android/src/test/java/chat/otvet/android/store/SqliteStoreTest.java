package chat.otvet.android.store;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import chat.otvet.android.delivery.Sample;
import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.After;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;

@RunWith(RobolectricTestRunner.class)
public class SqliteStoreTest {
  private SqliteStore store = new SqliteStore(RuntimeEnvironment.getApplication());

  @After
  public void close() {
    store.close();
  }

  @Test
  public void aSessionComesBackWhole() {
    Person anna = new Person("u7", "visitor", "Anna");
    store.saveSession(new StoredSession(anna, Map.of("session/u7", new Position("S", 4)), List.of(Sample.summary("a", 9, 2), Sample.summary("b", 3, 0))));
    reopen();
    StoredSession back = store.session("u7");
    assertEquals("Anna", back.person.name);
    assertEquals(new Position("S", 4), back.positions.get("session/u7"));
    assertEquals(2, back.conversations.size());
    assertEquals(Sample.summary("a", 9, 2).toTree(), back.conversations.get(0).toTree());
    store.saveSession(new StoredSession(anna, Map.of(), List.of()));
    assertTrue(store.session("u7").conversations.isEmpty());
    assertNull(store.session("u8"));
  }

  @Test
  public void aThreadAndItsPositionNeverDisagree() {
    store.saveThread("u7", new StoredThread("c", "E", events(1, 3), 10), 0);
    store.saveThread("u7", new StoredThread("c", "E", events(1, 5), 20), 4);
    reopen();
    StoredThread back = store.threads("u7").get(0);
    assertEquals(5, back.lastSeq());
    assertEquals(List.of(1L, 2L, 3L, 4L, 5L), seqs(back));
    assertEquals("message 4", back.events.get(3).body);
    store.saveThread("u7", new StoredThread("c", "other", events(90, 91), 30), 0);
    assertEquals(List.of(90L, 91L), seqs(store.threads("u7").get(0)));
    assertEquals("other", store.threads("u7").get(0).epoch);
  }

  @Test
  public void onlyTheNewestPartsAreKept() {
    for (int i = 0; i < Store.KEPT_THREADS + 5; i++) store.saveThread("u7", new StoredThread("c" + i, "E", events(1, 1), i), 0);
    List<StoredThread> kept = store.threads("u7");
    assertEquals(Store.KEPT_THREADS, kept.size());
    assertEquals("c24", kept.get(0).conversation);
    store.saveThread("u7", new StoredThread("c24", "E", events(1, Store.KEPT_EVENTS + 7), 99), 2);
    assertEquals(8, store.threads("u7").get(0).events.get(0).seq);
    assertEquals(Store.KEPT_EVENTS, store.threads("u7").get(0).events.size());
  }

  @Test
  public void theQueueKeepsItsOrderAndChangesItsOwner() {
    store.put(item("k2", "g1", 2, null));
    store.put(item("k1", "g1", 1, "c"));
    store.put(item("k3", "g1", 3, "c").refusedWith("conflict"));
    store.put(item("k9", "u8", 0, "c"));
    reopen();
    List<QueuedItem> queue = store.queue("g1");
    assertEquals(List.of("k1", "k2", "k3"), queue.stream().map(one -> one.key).toList());
    assertEquals(QueuedItem.State.REFUSED, queue.get(2).state);
    assertTrue(queue.get(1).isQuestion());
    store.saveDraft("g1", "c", "half");
    store.adopt("g1", "u7");
    assertEquals(3, store.queue("u7").size());
    assertEquals("half", store.draft("u7", "c"));
    store.remove("k2");
    store.saveDraft("u7", "c", "");
    assertEquals(2, store.queue("u7").size());
    assertNull(store.draft("u7", "c"));
  }

  @Test
  public void forgettingLeavesUnsentWords() {
    store.saveSession(new StoredSession(new Person("u7", "visitor", "Anna"), Map.of(), List.of(Sample.summary("a", 9, 2))));
    store.saveThread("u7", new StoredThread("c", "E", events(1, 3), 10), 0);
    store.put(item("k1", "u7", 1, "c"));
    store.saveDraft("u7", "c", "half");
    store.saveNotified("u7", "c", 3);
    assertEquals(Map.of("c", 3L), store.notified("u7"));
    store.forget("u7");
    assertNull(store.session("u7"));
    assertTrue(store.threads("u7").isEmpty());
    assertTrue(store.notified("u7").isEmpty());
    assertEquals(1, store.queue("u7").size());
    assertEquals("half", store.draft("u7", "c"));
  }

  private void reopen() {
    store.close();
    store = new SqliteStore(RuntimeEnvironment.getApplication());
  }

  private static QueuedItem item(String key, String owner, long order, String conversation) {
    return new QueuedItem(key, owner, order, 5, conversation, null, "words", QueuedItem.State.QUEUED, null);
  }

  private static List<Event> events(long from, long to) {
    List<Event> events = new ArrayList<>();
    for (long seq = from; seq <= to; seq++) events.add(Sample.message("c", seq, "u2", "message " + seq));
    return events;
  }

  private static List<Long> seqs(StoredThread thread) {
    return thread.events.stream().map(event -> event.seq).toList();
  }
}

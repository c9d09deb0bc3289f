package chat.otvet.android.thread;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import chat.otvet.android.delivery.Sample;
import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.store.QueuedItem;
import java.time.ZoneId;
import java.util.List;
import org.junit.Test;

public class RowsTest {
  private static final Person ANNA = new Person("u7", "visitor", "Anna");
  private static final ZoneId ZONE = ZoneId.of("Europe/Moscow");

  @Test
  public void daysRunsAndHappenings() {
    List<Event> events = List.of(Sample.message("c", 1, "u7", "one"), Sample.message("c", 2, "u7", "two"), Sample.claimed("c", 3),
        Sample.message("c", 4, "u2", "three"), Sample.message("c", 5, "u2", "four"), Sample.message("c", 900, "u2", "late"));
    List<Row> rows = rows(events, List.of(), 1);
    assertTrue(rows.get(0) instanceof Row.Day);
    assertTrue(message(rows, 1).opensRun() && !message(rows, 1).closesRun());
    assertTrue(!message(rows, 2).opensRun() && message(rows, 2).closesRun());
    assertEquals(Row.Delivery.READ, message(rows, 1).delivery);
    assertEquals(Row.Delivery.SENT, message(rows, 2).delivery);
    assertTrue(rows.get(3) instanceof Row.Happening);
    assertFalse(message(rows, 4).isOwn());
    assertTrue("the same author much later starts anew", message(rows, 6).opensRun());
    assertEquals(7, rows.size());
  }

  @Test
  public void aMessageFromTheTimeAsAGuestIsOnesOwn() {
    assertTrue(message(rows(List.of(Sample.message("c", 1, "g3", "before")), List.of(), 0), 1).isOwn());
  }

  @Test
  public void whatIsOnItsWayStandsAtTheEndUnderTheKeyOfItsEvent() {
    QueuedItem item = new QueuedItem("k2", "u7", 1, System.currentTimeMillis(), "c", null, "unsent", QueuedItem.State.QUEUED, null);
    List<Row> rows = rows(List.of(Sample.message("c", 1, "u7", "one")), List.of(item, item.refusedWith("invalid")), 0);
    assertEquals(Row.Delivery.QUEUED, message(rows, 3).delivery);
    assertEquals(Row.Delivery.REFUSED, message(rows, 4).delivery);
    assertEquals(message(rows(List.of(Sample.message("c", 2, "u7", "unsent")), List.of(), 0), 1).key, message(rows, 3).key);
  }

  private static List<Row> rows(List<Event> events, List<QueuedItem> pending, long readUpTo) {
    return Rows.of(events, pending, ANNA, readUpTo, ZONE);
  }

  private static Row.Message message(List<Row> rows, int index) {
    return (Row.Message) rows.get(index);
  }
}

package chat.otvet.android.thread;

import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.store.QueuedItem;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;

/** What a thread shows, top to bottom: days, messages in runs, and what happened to the conversation. Pure. */
public final class Rows {
  /** Milliseconds after which the same author starts a new run. */
  static final long RUN_GAP_MS = 5 * 60_000;

  private final Person me;
  private final long readUpTo;
  private final ZoneId zone;
  private final List<Row> rows = new ArrayList<>();
  private LocalDate lastDay;
  /** Where {@code lastDay} begins and ends: the messages of one day need the calendar once. */
  private long dayBegins;
  private long dayEnds;
  private Row.Message before;

  private Rows(Person me, long readUpTo, ZoneId zone) {
    this.me = me;
    this.readUpTo = readUpTo;
    this.zone = zone;
  }

  /** @param readUpTo the furthest number that somebody else has read */
  public static List<Row> of(List<Event> events, List<QueuedItem> pending, Person me, long readUpTo, ZoneId zone) {
    Rows rows = new Rows(me, readUpTo, zone);
    for (Event event : events) rows.add(event);
    for (QueuedItem item : pending) rows.add(item);
    return rows.rows;
  }

  private void add(Event event) {
    switch (event.kind) {
      case "message":
        boolean own = me.wrote(event.actor);
        Row.Delivery delivery = own ? event.seq <= readUpTo ? Row.Delivery.READ : Row.Delivery.SENT : null;
        message(new Row.Message(own ? event.key : "m" + event.seq, event.actor, event.body, event.time(), delivery, null));
        return;
      case "opened":
      case "claimed":
      case "released":
      case "transferred":
      case "resolved":
      case "reopened":
        separate(event.time());
        rows.add(new Row.Happening(event));
        before = null;
        return;
      default:
        // A note that this person may not see, or what a newer server tells.
    }
  }

  private void add(QueuedItem item) {
    Row.Delivery delivery = item.state == QueuedItem.State.REFUSED ? Row.Delivery.REFUSED
        : item.state == QueuedItem.State.SENDING ? Row.Delivery.SENDING : Row.Delivery.QUEUED;
    message(new Row.Message(item.key, me, item.body, item.createdAt, delivery, item));
  }

  private void message(Row.Message row) {
    separate(row.time);
    if (before != null && continues(before, row)) {
      before.closesRun = false;
      row.opensRun = false;
    }
    rows.add(row);
    before = row;
  }

  private void separate(long time) {
    if (time >= dayBegins && time < dayEnds) return;
    LocalDate day = Instant.ofEpochMilli(time).atZone(zone).toLocalDate();
    dayBegins = day.atStartOfDay(zone).toInstant().toEpochMilli();
    dayEnds = day.plusDays(1).atStartOfDay(zone).toInstant().toEpochMilli();
    if (!day.equals(lastDay)) {
      rows.add(new Row.Day(day));
      before = null;
    }
    lastDay = day;
  }

  private static boolean continues(Row.Message before, Row.Message row) {
    return before.isOwn() == row.isOwn() && (row.isOwn() || before.author.id.equals(row.author.id)) && row.time - before.time < RUN_GAP_MS;
  }
}

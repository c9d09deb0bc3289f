package chat.otvet.android.thread;

import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.store.QueuedItem;
import java.time.LocalDate;

/** One line of a thread. */
public abstract class Row {
  /** The same for the same thing over all changes, so that the place in the list can be kept. */
  public final String key;

  private Row(String key) {
    this.key = key;
  }

  /** A date between messages. */
  public static final class Day extends Row {
    public final LocalDate date;

    Day(LocalDate date) {
      super("day " + date);
      this.date = date;
    }
  }

  /** Something that happened to the conversation. */
  public static final class Happening extends Row {
    public final Event event;

    Happening(Event event) {
      super("s" + event.seq);
      this.event = event;
    }
  }

  /** How far a message of one's own has come. */
  public enum Delivery {
    QUEUED, SENDING, SENT, READ, REFUSED
  }

  /** What somebody wrote. */
  public static final class Message extends Row {
    public final Person author;
    public final String body;
    /** Milliseconds since 1970. */
    public final long time;
    /** Null for messages of others. */
    public final Delivery delivery;
    /** Of a message that is still on its way. */
    public final QueuedItem item;
    /** Whether it is the first and the last of a run by one author. */
    boolean opensRun = true;
    boolean closesRun = true;

    Message(String key, Person author, String body, long time, Delivery delivery, QueuedItem item) {
      super(key);
      this.author = author;
      this.body = body;
      this.time = time;
      this.delivery = delivery;
      this.item = item;
    }

    public boolean isOwn() {
      return delivery != null;
    }

    public boolean opensRun() {
      return opensRun;
    }

    public boolean closesRun() {
      return closesRun;
    }
  }
}

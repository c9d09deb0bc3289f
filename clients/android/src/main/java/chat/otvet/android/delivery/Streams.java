package chat.otvet.android.delivery;

import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.Position;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Positions of all streams that this device follows, and the rule that decides about each event. No I/O. */
public final class Streams {
  /** What an event is to its stream. */
  public enum Verdict {
    /** It is the next one. */
    APPLY,
    /** It was there already. */
    DUPLICATE,
    /** Something before it is missing; it is kept until that has come. */
    GAP
  }

  private static final String CONVERSATION = "conversation/";

  private static final class Stream {
    String epoch;
    long seq;
    /** Events beyond a gap, by number. */
    final Map<Long, Event> held = new HashMap<>();

    Stream(String epoch, long seq) {
      this.epoch = epoch;
      this.seq = seq;
    }
  }

  private final Map<String, Stream> streams = new HashMap<>();
  private String conversationEpoch = "";

  public static String ofConversation(String id) {
    return CONVERSATION + id;
  }

  /** The conversation of a stream's name, or null if it is another kind of stream. */
  public static String conversationOf(String stream) {
    return stream.startsWith(CONVERSATION) ? stream.substring(CONVERSATION.length()) : null;
  }

  /** The epoch of conversations whose own was not told: those that began after {@code ready}. */
  public String conversationEpoch() {
    return conversationEpoch;
  }

  public void setConversationEpoch(String epoch) {
    conversationEpoch = epoch;
  }

  /** Null for a stream that is not followed. */
  public Position position(String name) {
    Stream stream = streams.get(name);
    return stream == null ? null : new Position(stream.epoch, stream.seq);
  }

  public long seq(String name) {
    Stream stream = streams.get(name);
    return stream == null ? 0 : stream.seq;
  }

  /** Sets what is known; whatever was held for an earlier place and lies behind it is dropped. */
  public void set(String name, Position position) {
    Stream stream = streams.get(name);
    if (stream == null) {
      streams.put(name, new Stream(position.epoch, position.seq));
      return;
    }
    boolean sameNumbering = stream.epoch.isEmpty() || stream.epoch.equals(position.epoch);
    if (!sameNumbering) stream.held.clear();
    stream.held.keySet().removeIf(seq -> seq <= position.seq);
    stream.epoch = position.epoch;
    stream.seq = position.seq;
  }

  public void forget(String name) {
    streams.remove(name);
  }

  public List<String> names() {
    return new ArrayList<>(streams.keySet());
  }

  /**
   * Judges an event and moves the position when it is applied. An event of a stream that was not followed starts to be
   * followed at it: nothing older has been shown, so nothing can be missing between.
   */
  public Verdict admit(Event event) {
    Stream stream = streams.get(event.stream);
    if (stream == null) {
      stream = new Stream(conversationOf(event.stream) == null ? "" : conversationEpoch, event.seq - 1);
      streams.put(event.stream, stream);
    }
    if (event.seq <= stream.seq) return Verdict.DUPLICATE;
    if (event.seq > stream.seq + 1) {
      stream.held.put(event.seq, event);
      return Verdict.GAP;
    }
    stream.seq = event.seq;
    stream.held.remove(event.seq);
    return Verdict.APPLY;
  }

  /** The next held event that has become applicable, already admitted; null when there is none. */
  public Event nextHeld(String name) {
    Stream stream = streams.get(name);
    Event event = stream == null ? null : stream.held.remove(stream.seq + 1);
    if (event != null) stream.seq = event.seq;
    return event;
  }

  /** A lost connection resumes from the positions: what was held will come again, and whole. */
  public void dropHeld() {
    for (Stream stream : streams.values()) stream.held.clear();
  }

  /** Whether events wait behind a gap. */
  public boolean hasHeld(String name) {
    Stream stream = streams.get(name);
    return stream != null && !stream.held.isEmpty();
  }
}

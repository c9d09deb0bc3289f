package chat.otvet.android.store;

/** A message or question on its way out. It keeps its key for life, so sending it twice is harmless. Immutable. */
public final class QueuedItem {
  /** Where it stands. */
  public enum State {
    QUEUED,
    SENDING,
    /** It waits for the person: retry or discard. */
    REFUSED
  }

  public final String key;
  /** Whose queue it is in: a person's id. */
  public final String owner;
  /** Order within the queue; grows. */
  public final long order;
  /** Milliseconds since 1970, by this device's clock. */
  public final long createdAt;
  /** Null for a question that opens a conversation. */
  public final String conversation;
  /** Of a question; may be null. */
  public final String subject;
  public final String body;
  public final State state;
  /** Of a refused one: the contract's error code. */
  public final String errorCode;

  public QueuedItem(String key, String owner, long order, long createdAt, String conversation, String subject, String body, State state,
      String errorCode) {
    this.key = key;
    this.owner = owner;
    this.order = order;
    this.createdAt = createdAt;
    this.conversation = conversation;
    this.subject = subject;
    this.body = body;
    this.state = state;
    this.errorCode = errorCode;
  }

  public boolean isQuestion() {
    return conversation == null;
  }

  public QueuedItem in(State next) {
    return new QueuedItem(key, owner, order, createdAt, conversation, subject, body, next, null);
  }

  public QueuedItem refusedWith(String code) {
    return new QueuedItem(key, owner, order, createdAt, conversation, subject, body, State.REFUSED, code);
  }
}

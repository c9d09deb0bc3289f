package chat.otvet.android.protocol;

/** What came is no frame of the contract. The connection that brought it starts over from its positions. */
public final class MalformedFrameException extends Exception {
  public MalformedFrameException(String message) {
    super(message);
  }

  public MalformedFrameException(String message, Throwable cause) {
    super(message, cause);
  }
}

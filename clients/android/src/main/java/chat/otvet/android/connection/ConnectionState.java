package chat.otvet.android.connection;

/** Where the connection stands. */
public enum ConnectionState {
  /** Nobody needs it. */
  IDLE,
  CONNECTING,
  ONLINE,
  /** Backing off before the next attempt. */
  WAITING,
  /** Backing off as well, from a server that could not prove that it is the right one. */
  UNTRUSTED,
  /** The device itself says that it has no network. */
  OFFLINE,
  /** The token is invalid, expired or revoked: sign in again. The queue is kept. */
  SIGNED_OUT,
  /** The server does not want this client as it is. */
  REFUSED;

  public boolean hasSocket() {
    return this == CONNECTING || this == ONLINE;
  }

  /** The timer of the back-off runs. */
  public boolean isBackingOff() {
    return this == WAITING || this == UNTRUSTED;
  }
}

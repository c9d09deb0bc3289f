package chat.otvet.android.account;

/** A device that is signed in. */
public final class Device {
  public final long id;
  public final String name;
  /** RFC 3339; null when it was not used yet. */
  public final String lastUsedAt;
  /** Whether it is this one. */
  public final boolean current;

  Device(long id, String name, String lastUsedAt, boolean current) {
    this.id = id;
    this.name = name;
    this.lastUsedAt = lastUsedAt;
    this.current = current;
  }
}

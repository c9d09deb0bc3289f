package chat.otvet.android.account;

import chat.otvet.android.protocol.Person;

/** A person signed in at a server. */
public final class Account {
  /** {@code https://host[:port]}, without a path. */
  public final String origin;
  public final String token;
  public final Person person;
  /** {@code sha256/…} of a public key that the server's chain must have; null when the system's trust is enough. */
  public final String pin;

  public Account(String origin, String token, Person person, String pin) {
    this.origin = origin;
    this.token = token;
    this.person = person;
    this.pin = pin;
  }
}

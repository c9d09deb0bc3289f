package chat.otvet.android.connection;

/** What a client does after a close code, by the contract's table. */
public enum CloseCode {
  /** Come back after a back-off. */
  RETURN,
  /** Come back after a back-off, since the next network may lead to the right server, and say why it takes long. */
  RETURN_WARNED,
  /** The token is no longer good: sign in again. */
  SIGN_IN,
  /** Do not come back as this client is. */
  STAY_AWAY;

  public static final int NORMAL = 1000;
  /** Nothing was said: the network. */
  public static final int ABNORMAL = 1006;
  /** No code of the wire: the TLS handshake failed over the certificate, so there was nobody to say anything. */
  static final int UNTRUSTED = -1;
  static final int UNAUTHORIZED = 4401;

  /**
   * 4401 asks for a new token, other 44xx mean that coming back unchanged is useless, and all else (45xx, 1012, a lost
   * network) is worth another try. 1007 and 1009 are this client's own fault, yet only of the frame that caused them.
   */
  public static CloseCode of(int code) {
    if (code == UNAUTHORIZED) return SIGN_IN;
    if (code == UNTRUSTED) return RETURN_WARNED;
    return code >= 4400 && code < 4500 ? STAY_AWAY : RETURN;
  }
}

package chat.otvet.android.connection;

import chat.otvet.android.protocol.ServerFrame.Ok;
import chat.otvet.android.protocol.ServerFrame.Refusal;

/** Hears how a command ended: exactly one of its methods is called, once. */
public interface Answer {
  void ok(Ok ok);

  /** The server refused. Nothing was stored, unless the code is {@code internal}. */
  void refused(Refusal refusal);

  /** No connection, or it went before the answer: whether the command was carried out is not known. */
  void unknown();
}

package chat.otvet.android.delivery;

import chat.otvet.android.connection.Answer;
import chat.otvet.android.protocol.Command;
import chat.otvet.android.protocol.ServerFrame.Ok;
import chat.otvet.android.protocol.ServerFrame.Refusal;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** Read and delivered marks: one under way for each conversation, and only the furthest one after it. */
public final class ReadMarks {
  private static final class Mark {
    final boolean read;
    final String conversation;
    long wanted;
    long sent;
    boolean moving;

    Mark(boolean read, String conversation) {
      this.read = read;
      this.conversation = conversation;
    }
  }

  private final BiConsumer<Command, Answer> ask;
  private final Map<String, Mark> marks = new HashMap<>();

  public ReadMarks(BiConsumer<Command, Answer> ask) {
    this.ask = ask;
  }

  public void read(String conversation, long seq) {
    move(marks.computeIfAbsent("read " + conversation, name -> new Mark(true, conversation)), seq);
  }

  public void delivered(String conversation, long seq) {
    move(marks.computeIfAbsent("delivered " + conversation, name -> new Mark(false, conversation)), seq);
  }

  private void move(Mark mark, long seq) {
    mark.wanted = Math.max(mark.wanted, seq);
    if (!mark.moving) go(mark);
  }

  private void go(Mark mark) {
    long seq = mark.wanted;
    if (mark.sent >= seq) return;
    mark.moving = true;
    Command command = mark.read ? Command.read(mark.conversation, seq) : Command.delivered(mark.conversation, seq);
    ask.accept(command, new Answer() {
      @Override
      public void ok(Ok ok) {
        mark.sent = seq;
        unknown();
        go(mark);
      }

      /** A mark is not worth another try: the next message moves it again. */
      @Override
      public void refused(Refusal refusal) {
        unknown();
      }

      @Override
      public void unknown() {
        mark.moving = false;
      }
    });
  }
}

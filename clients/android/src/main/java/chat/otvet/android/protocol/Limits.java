package chat.otvet.android.protocol;

/** What the server accepts, told in {@code ready}. */
public final class Limits {
  /** Of a server with its defaults. */
  public static final Limits DEFAULT = new Limits(4000, 200, 16);

  public final int bodyCharacters;
  public final int subjectCharacters;
  public final int unansweredCommands;

  public Limits(int bodyCharacters, int subjectCharacters, int unansweredCommands) {
    this.bodyCharacters = bodyCharacters;
    this.subjectCharacters = subjectCharacters;
    this.unansweredCommands = unansweredCommands;
  }

  static Limits read(Tree tree) throws MalformedFrameException {
    if (tree == null) return DEFAULT;
    return new Limits((int) tree.numberOr("body_chars", DEFAULT.bodyCharacters), (int) tree.numberOr("subject_chars", DEFAULT.subjectCharacters),
        (int) tree.numberOr("unanswered_commands", DEFAULT.unansweredCommands));
  }
}

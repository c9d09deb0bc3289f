package chat.otvet.android.store;

import android.content.ContentValues;
import android.content.Context;
import android.database.Cursor;
import android.database.sqlite.SQLiteDatabase;
import android.database.sqlite.SQLiteOpenHelper;
import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.MalformedFrameException;
import chat.otvet.android.protocol.MessagePack;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.Position;
import chat.otvet.android.protocol.Summary;
import chat.otvet.android.protocol.Tree;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The store in the app's own SQLite database. Objects of the contract are kept as MessagePack. */
public final class SqliteStore extends SQLiteOpenHelper implements Store {
  private static final String NAME = "otvet.db";
  private static final int VERSION = 1;

  public SqliteStore(Context context) {
    super(context, NAME, null, VERSION);
    setWriteAheadLoggingEnabled(true);
  }

  @Override
  public void onConfigure(SQLiteDatabase db) {
    // With a write-ahead log the default would be NORMAL, which may forget the last message at a power cut.
    db.execSQL("PRAGMA synchronous=FULL");
  }

  @Override
  public void onCreate(SQLiteDatabase db) {
    db.execSQL("CREATE TABLE sessions (owner TEXT PRIMARY KEY, person BLOB NOT NULL)");
    db.execSQL("CREATE TABLE positions (owner TEXT NOT NULL, stream TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,"
        + " PRIMARY KEY (owner, stream))");
    db.execSQL("CREATE TABLE conversations (owner TEXT NOT NULL, id TEXT NOT NULL, summary BLOB NOT NULL, PRIMARY KEY (owner, id))");
    db.execSQL("CREATE TABLE threads (owner TEXT NOT NULL, conversation TEXT NOT NULL, epoch TEXT NOT NULL, opened_at INTEGER NOT NULL,"
        + " PRIMARY KEY (owner, conversation))");
    db.execSQL("CREATE TABLE events (owner TEXT NOT NULL, conversation TEXT NOT NULL, seq INTEGER NOT NULL, event BLOB NOT NULL,"
        + " PRIMARY KEY (owner, conversation, seq)) WITHOUT ROWID");
    db.execSQL("CREATE TABLE queue (key TEXT PRIMARY KEY, owner TEXT NOT NULL, place INTEGER NOT NULL, created_at INTEGER NOT NULL,"
        + " conversation TEXT, subject TEXT, body TEXT NOT NULL, error TEXT)");
    db.execSQL("CREATE TABLE drafts (owner TEXT NOT NULL, conversation TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (owner, conversation))");
    db.execSQL("CREATE TABLE notified (owner TEXT NOT NULL, conversation TEXT NOT NULL, seq INTEGER NOT NULL,"
        + " PRIMARY KEY (owner, conversation))");
  }

  @Override
  public void onUpgrade(SQLiteDatabase db, int from, int to) {
    throw new IllegalStateException("there is no version before " + VERSION);
  }

  @Override
  public StoredSession session(String owner) {
    SQLiteDatabase db = getReadableDatabase();
    Person person = null;
    try (Cursor row = db.rawQuery("SELECT person FROM sessions WHERE owner = ?", new String[] {owner})) {
      if (row.moveToFirst()) person = Person.of(MessagePack.decode(row.getBlob(0)));
      if (person == null) return null;
      return new StoredSession(person, positions(db, owner), conversations(db, owner));
    } catch (MalformedFrameException e) {
      // A list is a copy: without it the server sends it anew.
      return person == null ? null : new StoredSession(person, new HashMap<>(), new ArrayList<>());
    }
  }

  @Override
  public void saveSession(StoredSession session) {
    String owner = session.person.id;
    transaction(db -> {
      ContentValues values = new ContentValues();
      values.put("owner", owner);
      values.put("person", MessagePack.encode(session.person.toTree()));
      replace(db, "sessions", values);
      db.delete("positions", "owner = ?", new String[] {owner});
      for (Map.Entry<String, Position> position : session.positions.entrySet()) {
        values = new ContentValues();
        values.put("owner", owner);
        values.put("stream", position.getKey());
        values.put("epoch", position.getValue().epoch);
        values.put("seq", position.getValue().seq);
        replace(db, "positions", values);
      }
      db.delete("conversations", "owner = ?", new String[] {owner});
      for (Summary conversation : session.conversations) {
        values = new ContentValues();
        values.put("owner", owner);
        values.put("id", conversation.id);
        values.put("summary", MessagePack.encode(conversation.toTree()));
        replace(db, "conversations", values);
      }
    });
  }

  @Override
  public List<StoredThread> threads(String owner) {
    List<StoredThread> threads = new ArrayList<>();
    SQLiteDatabase db = getReadableDatabase();
    try (Cursor row = db.rawQuery("SELECT conversation, epoch, opened_at FROM threads WHERE owner = ? ORDER BY opened_at DESC LIMIT "
        + KEPT_THREADS, new String[] {owner})) {
      while (row.moveToNext()) {
        List<Event> events = events(db, owner, row.getString(0));
        if (!events.isEmpty()) threads.add(new StoredThread(row.getString(0), row.getString(1), events, row.getLong(2)));
      }
    }
    return threads;
  }

  @Override
  public void saveThread(String owner, StoredThread thread, long from) {
    String[] which = {owner, thread.conversation};
    transaction(db -> {
      if (from == 0) db.delete("events", "owner = ? AND conversation = ?", which);
      for (Event event : thread.events) {
        if (event.seq < from) continue;
        ContentValues values = new ContentValues();
        values.put("owner", owner);
        values.put("conversation", thread.conversation);
        values.put("seq", event.seq);
        values.put("event", MessagePack.encode(event.toTree()));
        replace(db, "events", values);
      }
      db.delete("events", "owner = ? AND conversation = ? AND seq <= " + (thread.lastSeq() - KEPT_EVENTS), which);
      ContentValues values = new ContentValues();
      values.put("owner", owner);
      values.put("conversation", thread.conversation);
      values.put("epoch", thread.epoch);
      values.put("opened_at", thread.openedAt);
      replace(db, "threads", values);
      String kept = "SELECT conversation FROM threads WHERE owner = ? ORDER BY opened_at DESC LIMIT " + KEPT_THREADS;
      db.delete("threads", "owner = ? AND conversation NOT IN (" + kept + ")", new String[] {owner, owner});
      db.delete("events", "owner = ? AND conversation NOT IN (" + kept + ")", new String[] {owner, owner});
    });
  }

  @Override
  public List<QueuedItem> queue(String owner) {
    List<QueuedItem> items = new ArrayList<>();
    String query = "SELECT key, place, created_at, conversation, subject, body, error FROM queue WHERE owner = ? ORDER BY place";
    try (Cursor row = getReadableDatabase().rawQuery(query, new String[] {owner})) {
      while (row.moveToNext()) {
        String error = row.getString(6);
        items.add(new QueuedItem(row.getString(0), owner, row.getLong(1), row.getLong(2), row.getString(3), row.getString(4), row.getString(5),
            error == null ? QueuedItem.State.QUEUED : QueuedItem.State.REFUSED, error));
      }
    }
    return items;
  }

  @Override
  public void put(QueuedItem item) {
    ContentValues values = new ContentValues();
    values.put("key", item.key);
    values.put("owner", item.owner);
    values.put("place", item.order);
    values.put("created_at", item.createdAt);
    values.put("conversation", item.conversation);
    values.put("subject", item.subject);
    values.put("body", item.body);
    values.put("error", item.errorCode);
    replace(getWritableDatabase(), "queue", values);
  }

  @Override
  public void remove(String key) {
    getWritableDatabase().delete("queue", "key = ?", new String[] {key});
  }

  @Override
  public void adopt(String from, String to) {
    transaction(db -> {
      db.execSQL("UPDATE queue SET owner = ? WHERE owner = ?", new Object[] {to, from});
      db.execSQL("UPDATE OR REPLACE drafts SET owner = ? WHERE owner = ?", new Object[] {to, from});
    });
  }

  @Override
  public String draft(String owner, String conversation) {
    String query = "SELECT body FROM drafts WHERE owner = ? AND conversation = ?";
    try (Cursor row = getReadableDatabase().rawQuery(query, new String[] {owner, conversation})) {
      return row.moveToFirst() ? row.getString(0) : null;
    }
  }

  @Override
  public void saveDraft(String owner, String conversation, String text) {
    if (text == null || text.isEmpty()) {
      getWritableDatabase().delete("drafts", "owner = ? AND conversation = ?", new String[] {owner, conversation});
      return;
    }
    ContentValues values = new ContentValues();
    values.put("owner", owner);
    values.put("conversation", conversation);
    values.put("body", text);
    replace(getWritableDatabase(), "drafts", values);
  }

  @Override
  public Map<String, Long> notified(String owner) {
    Map<String, Long> told = new HashMap<>();
    try (Cursor row = getReadableDatabase().rawQuery("SELECT conversation, seq FROM notified WHERE owner = ?", new String[] {owner})) {
      while (row.moveToNext()) told.put(row.getString(0), row.getLong(1));
    }
    return told;
  }

  @Override
  public void saveNotified(String owner, String conversation, long seq) {
    ContentValues values = new ContentValues();
    values.put("owner", owner);
    values.put("conversation", conversation);
    values.put("seq", seq);
    replace(getWritableDatabase(), "notified", values);
  }

  @Override
  public void forget(String owner) {
    transaction(db -> {
      for (String table : new String[] {"sessions", "positions", "conversations", "threads", "events", "notified"}) {
        db.delete(table, "owner = ?", new String[] {owner});
      }
    });
  }

  private static Map<String, Position> positions(SQLiteDatabase db, String owner) {
    Map<String, Position> positions = new LinkedHashMap<>();
    try (Cursor row = db.rawQuery("SELECT stream, epoch, seq FROM positions WHERE owner = ?", new String[] {owner})) {
      while (row.moveToNext()) positions.put(row.getString(0), new Position(row.getString(1), row.getLong(2)));
    }
    return positions;
  }

  private static List<Summary> conversations(SQLiteDatabase db, String owner) throws MalformedFrameException {
    List<Summary> conversations = new ArrayList<>();
    try (Cursor row = db.rawQuery("SELECT summary FROM conversations WHERE owner = ?", new String[] {owner})) {
      while (row.moveToNext()) conversations.add(Summary.read(new Tree(MessagePack.decode(row.getBlob(0)))));
    }
    return conversations;
  }

  /** The newest part without a gap. Whatever cannot be read is left to the server, which has it. */
  private static List<Event> events(SQLiteDatabase db, String owner, String conversation) {
    List<Event> events = new ArrayList<>();
    String query = "SELECT event FROM events WHERE owner = ? AND conversation = ? ORDER BY seq";
    try (Cursor row = db.rawQuery(query, new String[] {owner, conversation})) {
      while (row.moveToNext()) events.add(Event.read(new Tree(MessagePack.decode(row.getBlob(0)))));
    } catch (MalformedFrameException e) {
      return new ArrayList<>();
    }
    return events;
  }

  private interface Work {
    void in(SQLiteDatabase db);
  }

  private void transaction(Work work) {
    SQLiteDatabase db = getWritableDatabase();
    db.beginTransaction();
    try {
      work.in(db);
      db.setTransactionSuccessful();
    } finally {
      db.endTransaction();
    }
  }

  /** Throws when it fails, which {@code SQLiteDatabase.replace} would not. */
  private static void replace(SQLiteDatabase db, String table, ContentValues values) {
    db.replaceOrThrow(table, null, values);
  }
}

package chat.otvet.android.plan;

import android.content.Context;
import android.content.ContextWrapper;
import chat.otvet.android.account.HttpClients;
import chat.otvet.android.connection.ConnectionState;
import chat.otvet.android.connection.OkHttpSocket;
import chat.otvet.android.connection.ThreadLoop;
import chat.otvet.android.delivery.Client;
import chat.otvet.android.delivery.ClientView;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.Summary;
import chat.otvet.android.server.Cable;
import chat.otvet.android.store.SqliteStore;
import java.io.File;
import java.io.IOException;
import java.util.Random;
import okhttp3.OkHttpClient;

/** One phone of the plan: the app's real client over a cable that breaks, in a process that is killed now and then. */
final class PlanPhone {
  private static final int MOST_OPENED = 3;
  /** How often the end of a loop is waited for: a busy machine takes long over one job. */
  private static final int LOOP_PATIENCE = 12;
  /** So long without a frame, nothing more is on its way. */
  private static final long QUIET_MS = 1500;

  private final Person person;
  private final String token;
  private final Context disk;
  private final PhoneLog log;
  private final Random random;
  private final Cable cable;
  private int opened;
  private int words;
  private int keys;
  private long cutUntil;
  private SqliteStore store;
  private ThreadLoop loop;
  private OkHttpClient http;
  private Client client;
  private volatile ClientView view;

  PlanPhone(int port, Person person, String token, Context app, PhoneLog log, Random random) throws IOException {
    this.person = person;
    this.token = token;
    // Each phone has a disk of its own.
    disk = new ContextWrapper(app) {
      @Override
      public File getDatabasePath(String name) {
        return new File(app.getFilesDir(), person.id + "-" + name);
      }
    };
    this.log = log;
    this.random = random;
    cable = new Cable(port);
    start();
  }

  /** Does one thing, by chance. */
  void act() throws Exception {
    if (cutUntil != 0 && System.currentTimeMillis() >= cutUntil) mend();
    Summary conversation = any();
    int chance = random.nextInt(100);
    if (chance < 8 && opened < MOST_OPENED) {
      opened++;
      client.send(null, "Subject " + opened, say(), item -> {});
    } else if (chance < 60) {
      if (conversation != null) client.send(conversation.id, null, say(), item -> {});
    } else if (chance < 75) {
      if (conversation != null && conversation.lastMessage != null) client.read(conversation.id, conversation.lastMessage.seq);
    } else if (chance < 80) {
      if (conversation != null) client.typing(conversation.id);
    } else if (chance < 88) {
      if (conversation != null) client.open(conversation.id);
    } else if (chance < 91) {
      if (conversation != null) client.resolve(conversation.id, random.nextBoolean());
    } else if (chance < 96) {
      cable.cut();
      cutUntil = System.currentTimeMillis() + 200 + random.nextInt(1500);
    } else {
      kill();
      start();
    }
  }

  /** Nothing new from now on, and everything that is unsent may leave. */
  void rest() {
    mend();
  }

  boolean isAtRest() {
    ClientView now = view;
    return now != null && now.state == ConnectionState.ONLINE && !now.hasUnsent();
  }

  boolean isQuiet() {
    return log.quietMs() > QUIET_MS;
  }

  void end() throws IOException {
    client.end(false);
    loop.end();
    store.close();
    log.close();
    cable.close();
  }

  @Override
  public String toString() {
    ClientView now = view;
    return person.name + (now == null ? "" : " " + now.state + " " + now.queue.size());
  }

  private void start() {
    store = new SqliteStore(disk);
    loop = new ThreadLoop(person.id);
    http = HttpClients.to(cable.origin(), null);
    Client.Parts parts = new Client.Parts();
    parts.loop = loop;
    parts.store = store;
    parts.sockets = log.around(OkHttpSocket.factory(http, cable.origin(), loop));
    parts.token = token;
    parts.person = person;
    parts.device = "android";
    parts.random = random::nextDouble;
    parts.newKey = () -> "app-" + ++keys;
    parts.offline = () -> false;
    parts.screen = Runnable::run;
    parts.applied = event -> {};
    client = new Client(parts);
    client.observers().list(now -> view = now);
    client.connect();
  }

  /** As the system kills a process: nothing is written or said any more. */
  private void kill() {
    // Else two processes would be one phone, and its log would be neither's.
    int patience = LOOP_PATIENCE;
    while (!loop.end()) if (--patience == 0) throw new AssertionError(person.name + "'s loop does not end");
    log.ended(null);
    http.dispatcher().cancelAll();
    store.close();
    view = null;
  }

  private void mend() {
    cable.mend();
    cutUntil = 0;
    client.woke();
  }

  private String say() {
    return "words " + ++words + " of " + person.name + "'s phone";
  }

  private Summary any() {
    ClientView now = view;
    return now == null || now.conversations.isEmpty() ? null : now.conversations.get(random.nextInt(now.conversations.size()));
  }
}

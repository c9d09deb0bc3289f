package chat.otvet.android.account;

import android.content.Context;
import android.os.Build;
import android.os.Handler;
import android.os.Looper;
import chat.otvet.android.connection.ConnectionState;
import chat.otvet.android.connection.Loop;
import chat.otvet.android.connection.OkHttpSocket;
import chat.otvet.android.delivery.Client;
import chat.otvet.android.delivery.ClientView;
import chat.otvet.android.store.Store;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import okhttp3.OkHttpClient;

/**
 * Who is signed in on this device and the one client that serves them. Lives as long as the process; used on the main
 * thread. The connection is up while somebody holds it: a screen, the foreground service, a job.
 */
public final class Session {
  /** Hears that somebody signed in, was signed out, or that what is shown has changed. */
  public interface Listener {
    void signedIn();

    /** @param expired the server ended it, not the person */
    void signedOut(String owner, boolean expired);

    void changed(ClientView view);
  }

  /** A turn of the device, or the way from one screen to the next, is no reason to hang up. */
  private static final long LINGER_MS = 3000;

  private final AccountStore accounts;
  private final Store store;
  private final Loop loop;
  private final BooleanSupplier offline;
  private final Handler main = new Handler(Looper.getMainLooper());
  private final SecureRandom random = new SecureRandom();
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final Set<Object> holders = new HashSet<>();
  private final Runnable hangUp = this::hangUp;
  private Account account;
  private Client client;
  private OkHttpClient http;
  private ClientView view;
  private boolean expired;
  /** A guest is becoming an account: the server ends the guest's token, perhaps before its answer is here. */
  private boolean replacing;

  public Session(Context context, Store store, Loop loop, BooleanSupplier offline) {
    this.store = store;
    this.loop = loop;
    this.offline = offline;
    accounts = new AccountStore(context);
    account = accounts.load();
    if (account != null) makeClient();
  }

  public void addListener(Listener listener) {
    listeners.add(listener);
  }

  public boolean isSignedIn() {
    return account != null;
  }

  /** Null when nobody is signed in. */
  public Account account() {
    return account;
  }

  /** Null when nobody is signed in. */
  public Client client() {
    return client;
  }

  /** How things last stood; null before the first view. */
  public ClientView view() {
    return view;
  }

  /** The server ended the last session, and nobody has signed in since. */
  public boolean isExpired() {
    return expired;
  }

  public String lastOrigin() {
    return accounts.lastOrigin();
  }

  public String lastPin() {
    return accounts.lastPin();
  }

  /** REST as who is signed in. */
  public Rest rest() {
    return new Rest(http, account.origin, account.token);
  }

  /** Somebody has signed in. Of a guest who became an account, what is unsent comes along. */
  public void enter(Account next) throws GeneralSecurityException {
    accounts.save(next);
    Account before = account;
    if (before != null) leaveClient(before, false);
    if (before != null && before.person.isGuest()) loop.run(() -> store.adopt(before.person.id, next.person.id));
    account = next;
    expired = false;
    replacing = false;
    makeClient();
    if (!holders.isEmpty()) client.connect();
    for (Listener listener : listeners) listener.signedIn();
  }

  /** Tells that the guest's token may end at any moment, for a good reason. */
  public void replacing(boolean now) {
    replacing = now;
    // It ended, and nobody took the guest's place.
    if (!now && view != null && view.state == ConnectionState.SIGNED_OUT) end(true);
  }

  /** Ends the session on this device. What is unsent is kept for when the same person comes back. */
  public void leave() {
    end(false);
  }

  /** Keeps the connection up until {@link #release} with the same holder. */
  public void hold(Object holder) {
    main.removeCallbacks(hangUp);
    holders.add(holder);
    if (client == null) return;
    client.connect();
    // A socket that lingered, or a wait that was long, is put to the test at once.
    if (holders.size() == 1) client.woke();
  }

  public void release(Object holder) {
    if (holders.remove(holder) && holders.isEmpty()) main.postDelayed(hangUp, LINGER_MS);
  }

  public void woke() {
    if (client != null && !holders.isEmpty()) client.woke();
  }

  public void wentOffline() {
    if (client != null) client.wentOffline();
  }

  /** What was typed and not sent; handed over on the main thread. */
  public void draft(String conversation, Consumer<String> found) {
    if (account == null) return;
    String owner = account.person.id;
    loop.run(() -> {
      String text = store.draft(owner, conversation);
      main.post(() -> found.accept(text));
    });
  }

  public void saveDraft(String owner, String conversation, String text) {
    loop.run(() -> store.saveDraft(owner, conversation, text));
  }

  /** What the list of devices calls this one. */
  public static String deviceName() {
    String maker = Build.MANUFACTURER == null ? "" : Build.MANUFACTURER;
    String model = Build.MODEL == null ? "" : Build.MODEL;
    String name = model.toLowerCase(java.util.Locale.ROOT).startsWith(maker.toLowerCase(java.util.Locale.ROOT)) ? model : maker + " " + model;
    return name.trim().isEmpty() ? "Android" : name.trim();
  }

  private void makeClient() {
    http = HttpClients.to(account.origin, account.pin);
    Client.Parts parts = new Client.Parts();
    parts.loop = loop;
    parts.store = store;
    parts.sockets = OkHttpSocket.factory(http, account.origin, loop);
    parts.token = account.token;
    parts.person = account.person;
    parts.device = "android";
    parts.random = random::nextDouble;
    parts.newKey = this::newKey;
    parts.offline = offline;
    parts.screen = main::post;
    parts.applied = event -> {};
    client = new Client(parts);
    Client made = client;
    client.observers().list(now -> {
      if (client == made) changed(now);
    });
  }

  private void changed(ClientView now) {
    view = now;
    if (now.state == ConnectionState.SIGNED_OUT) {
      if (!replacing) end(true);
      return;
    }
    for (Listener listener : listeners) listener.changed(now);
  }

  private void end(boolean byServer) {
    if (account == null) return;
    Account before = account;
    accounts.forget();
    leaveClient(before, true);
    account = null;
    expired = byServer;
    for (Listener listener : listeners) listener.signedOut(before.person.id, byServer);
  }

  private void leaveClient(Account before, boolean forget) {
    client.end(forget || before.person.isGuest());
    client = null;
    view = null;
    http.dispatcher().executorService().shutdown();
  }

  private void hangUp() {
    if (client != null && holders.isEmpty()) client.disconnect();
  }

  /** 128 random bits in hex. */
  private String newKey() {
    byte[] bytes = new byte[16];
    random.nextBytes(bytes);
    StringBuilder text = new StringBuilder(32);
    for (byte one : bytes) text.append(Character.forDigit(one >> 4 & 15, 16)).append(Character.forDigit(one & 15, 16));
    return text.toString();
  }
}

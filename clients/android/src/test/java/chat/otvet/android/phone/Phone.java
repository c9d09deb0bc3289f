package chat.otvet.android.phone;

import static org.robolectric.Shadows.shadowOf;

import android.app.Activity;
import android.content.Intent;
import android.os.Bundle;
import android.os.Looper;
import android.view.View;
import android.view.ViewGroup;
import android.widget.EditText;
import android.widget.ListView;
import android.widget.TextView;
import chat.otvet.android.OtvetApplication;
import chat.otvet.android.R;
import chat.otvet.android.account.Session;
import chat.otvet.android.account.WelcomeActivity;
import chat.otvet.android.connection.ConnectionState;
import chat.otvet.android.conversations.AskActivity;
import chat.otvet.android.conversations.ConversationsActivity;
import chat.otvet.android.thread.ThreadActivity;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.rules.ExternalResource;
import org.robolectric.Robolectric;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.android.controller.ActivityController;

/** The app as somebody holds it: one screen at a time, fingers and eyes. */
public final class Phone extends ExternalResource {
  private static final long PATIENCE_MS = 20_000;

  private final List<ActivityController<? extends Activity>> screens = new ArrayList<>();

  @Override
  protected void before() {
    FakeKeystore.install();
  }

  @Override
  protected void after() {
    while (!screens.isEmpty()) close();
  }

  public OtvetApplication app() {
    return (OtvetApplication) RuntimeEnvironment.getApplication();
  }

  public Session session() {
    return app().session();
  }

  /** Starts a screen on top, by its intent. */
  public <T extends Activity> T open(Class<T> type, Intent intent) {
    if (!screens.isEmpty()) top().pause().stop();
    ActivityController<T> controller = Robolectric.buildActivity(type, intent);
    screens.add(controller);
    controller.setup();
    idle();
    return controller.get();
  }

  public <T extends Activity> T open(Class<T> type) {
    return open(type, new Intent(app(), type));
  }

  /** Leaves the top screen; the one below comes to the front again. */
  public void close() {
    ActivityController<? extends Activity> top = screens.remove(screens.size() - 1);
    top.pause().stop().destroy();
    if (!screens.isEmpty()) top().restart().resume();
    idle();
  }

  /** The home button. */
  public void leave() {
    top().pause().stop();
    idle();
  }

  public void comeBack() {
    top().restart().resume().visible();
    idle();
  }

  public ActivityController<? extends Activity> top() {
    return screens.get(screens.size() - 1);
  }

  public Activity screen() {
    return top().get();
  }

  /** Measures and places everything on the top screen, as the system does before it draws; answers with all of it. */
  public View layOut() {
    View window = screen().getWindow().getDecorView();
    int width = screen().getResources().getDisplayMetrics().widthPixels;
    int height = screen().getResources().getDisplayMetrics().heightPixels;
    // Twice: a list that scrolls to its end does so in a second pass.
    for (int pass = 0; pass < 2; pass++) {
      idle();
      window.measure(View.MeasureSpec.makeMeasureSpec(width, View.MeasureSpec.EXACTLY), View.MeasureSpec.makeMeasureSpec(height, View.MeasureSpec.EXACTLY));
      window.layout(0, 0, width, height);
    }
    idle();
    return window;
  }

  /** Turns the device: the top screen is made anew from what it saved. */
  public void turn() {
    top().recreate();
    idle();
  }

  /** Signs in as a new guest of a server and shows the list. */
  public void enterAsGuest(String origin, String name) {
    open(WelcomeActivity.class);
    type(R.id.server, origin);
    type(R.id.name, name);
    tap(R.id.submit);
    await("a guest", () -> session().isSignedIn());
    showList();
  }

  /** Registers at a server and shows the list. */
  public void register(String origin, String name, String email, String password) {
    open(WelcomeActivity.class, WelcomeActivity.intent(app(), WelcomeActivity.Form.REGISTER));
    type(R.id.server, origin);
    type(R.id.name, name);
    type(R.id.email, email);
    type(R.id.password, password);
    tap(R.id.submit);
    await("an account", () -> session().isSignedIn());
    showList();
  }

  public void showList() {
    while (!screens.isEmpty()) close();
    open(ConversationsActivity.class);
    awaitOnline();
  }

  /** Asks and answers with the id of the conversation that came of it. */
  public String ask(String subject, String question) {
    int before = session().view().conversations.size();
    open(AskActivity.class);
    type(R.id.subject, subject);
    type(R.id.question, question);
    tap(R.id.ask);
    await("the question is kept", () -> screen().isFinishing());
    close();
    await("the question is asked", () -> session().view().conversations.size() > before);
    return session().view().conversations.get(0).id;
  }

  public ThreadActivity openThread(String conversation) {
    return open(ThreadActivity.class, ThreadActivity.intent(app(), conversation));
  }

  public void send(String words) {
    type(R.id.message, words);
    tap(R.id.send);
    await("the queue has " + words, () -> text(R.id.message).isEmpty());
  }

  public void awaitOnline() {
    await("online", () -> session().view() != null && session().view().state == ConnectionState.ONLINE);
  }

  public void type(int field, String words) {
    screen().<EditText>findViewById(field).setText(words);
    idle();
  }

  public void tap(int view) {
    View target = screen().findViewById(view);
    if (!target.isEnabled() || target.getVisibility() != View.VISIBLE) throw new AssertionError("cannot be tapped: " + target);
    target.performClick();
    idle();
  }

  public String text(int view) {
    return screen().<TextView>findViewById(view).getText().toString();
  }

  public boolean isShown(int view) {
    View target = screen().findViewById(view);
    return target != null && target.getVisibility() == View.VISIBLE;
  }

  /** Everything that the rows of a list say, as drawn by its adapter. */
  public List<String> rows(int list) {
    ListView view = screen().findViewById(list);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < view.getAdapter().getCount(); i++) {
      StringBuilder words = new StringBuilder();
      collect(view.getAdapter().getView(i, null, view), words);
      rows.add(words.toString().trim());
    }
    return rows;
  }

  public boolean saysRow(int list, String words) {
    return rows(list).stream().anyMatch(row -> row.contains(words));
  }

  public void await(String what, BooleanSupplier condition) {
    await(what, condition, () -> "");
  }

  /** Lets the main thread work until the condition holds. */
  public void await(String what, BooleanSupplier condition, Supplier<String> otherwise) {
    long end = System.currentTimeMillis() + PATIENCE_MS;
    for (idle(); !condition.getAsBoolean(); idle()) {
      if (System.currentTimeMillis() > end) throw new AssertionError("waited in vain for: " + what + " " + otherwise.get());
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  public void idle() {
    shadowOf(Looper.getMainLooper()).idle();
  }

  /**
   * The process is killed at this moment: no screen hears of it and nothing is written any more. Then it starts anew, and
   * the system makes the screens again from what they saved when they were left.
   */
  public void dieAndStartAnew() throws ReflectiveOperationException {
    List<Bundle> saved = new ArrayList<>();
    for (ActivityController<? extends Activity> screen : screens) {
      Bundle state = new Bundle();
      screen.saveInstanceState(state);
      saved.add(state);
    }
    OtvetApplication app = app();
    Object loop = field(app, "loop");
    ((ScheduledThreadPoolExecutor) field(loop, "executor")).shutdownNow();
    ((android.database.sqlite.SQLiteOpenHelper) field(app, "store")).close();
    app.unregisterActivityLifecycleCallbacks((android.app.Application.ActivityLifecycleCallbacks) field(app, "screens"));
    List<ActivityController<? extends Activity>> before = new ArrayList<>(screens);
    screens.clear();
    shadowOf(Looper.getMainLooper()).idle();
    app.onCreate();
    for (int i = 0; i < before.size(); i++) {
      Activity old = before.get(i).get();
      ActivityController<? extends Activity> anew = Robolectric.buildActivity(old.getClass(), old.getIntent());
      if (!screens.isEmpty()) top().pause().stop();
      screens.add(anew);
      anew.create(saved.get(i)).start().restoreInstanceState(saved.get(i)).resume().visible();
    }
    idle();
  }

  private static Object field(Object owner, String name) throws ReflectiveOperationException {
    Field field = owner.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(owner);
  }

  private static void collect(View view, StringBuilder words) {
    if (view.getVisibility() != View.VISIBLE) return;
    if (view instanceof TextView) words.append(((TextView) view).getText()).append(' ');
    if (view instanceof ViewGroup) for (int i = 0; i < ((ViewGroup) view).getChildCount(); i++) collect(((ViewGroup) view).getChildAt(i), words);
  }
}

package chat.otvet.android;

import android.app.Activity;
import android.app.Application;
import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import chat.otvet.android.account.Session;
import chat.otvet.android.account.WelcomeActivity;
import chat.otvet.android.background.CatchUpJob;
import chat.otvet.android.background.LiveService;
import chat.otvet.android.background.NetworkWatch;
import chat.otvet.android.connection.ThreadLoop;
import chat.otvet.android.delivery.ClientView;
import chat.otvet.android.notification.Notifier;
import chat.otvet.android.store.SqliteStore;
import java.util.ArrayDeque;

/** The composition root: everything that lives as long as the process is made here, once. */
public final class OtvetApplication extends Application {
  private ThreadLoop loop;
  private SqliteStore store;
  private Session session;
  private Notifier notifier;
  private NetworkWatch network;
  private final Screens screens = new Screens();

  public static OtvetApplication of(Context context) {
    return (OtvetApplication) context.getApplicationContext();
  }

  @Override
  public void onCreate() {
    super.onCreate();
    loop = new ThreadLoop("otvet");
    store = new SqliteStore(this);
    network = new NetworkWatch(this);
    session = new Session(this, store, loop, network::isOffline);
    notifier = new Notifier(this, session, store, loop);
    session.addListener(new Background());
    network.start(session::woke, session::wentOffline);
    registerActivityLifecycleCallbacks(screens);
    if (session.isSignedIn()) CatchUpJob.schedule(this);
  }

  public Session session() {
    return session;
  }

  public Notifier notifier() {
    return notifier;
  }

  /** Whether the person sees the app at this moment. */
  public boolean isSeen() {
    return screens.isSeen();
  }

  /** Called where the process itself goes on, as in tests; on a device it just ends. */
  @Override
  public void onTerminate() {
    network.stop();
    if (session.client() != null) session.client().end(false);
    loop.end();
    store.close();
    super.onTerminate();
  }

  /** What the session means for the parts that work without a screen. */
  private final class Background implements Session.Listener {
    @Override
    public void signedIn() {
      CatchUpJob.schedule(OtvetApplication.this);
    }

    @Override
    public void signedOut(String owner, boolean expired) {
      CatchUpJob.cancel(OtvetApplication.this);
      LiveService.stop();
      Activity top = screens.top();
      if (top == null || top instanceof WelcomeActivity) return;
      // Whatever is open belongs to somebody who is not signed in any more.
      top.startActivity(new Intent(top, WelcomeActivity.class).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK | Intent.FLAG_ACTIVITY_CLEAR_TASK));
    }

    @Override
    public void changed(ClientView view) {}
  }

  /** The last screen has gone, and not for a turn of the device. */
  private void leftAlone() {
    ClientView view = session.view();
    if (view == null) return;
    if (view.hasUnsent()) CatchUpJob.soon(this);
    LiveService.startIfLive(this, view);
  }

  /** Which of the app's screens are seen. */
  private final class Screens implements ActivityLifecycleCallbacks {
    private final ArrayDeque<Activity> started = new ArrayDeque<>();

    boolean isSeen() {
      return !started.isEmpty();
    }

    Activity top() {
      return started.peekLast();
    }

    @Override
    public void onActivityStarted(Activity activity) {
      if (started.isEmpty()) LiveService.stop();
      started.add(activity);
    }

    @Override
    public void onActivityStopped(Activity activity) {
      started.remove(activity);
      if (started.isEmpty() && !activity.isChangingConfigurations()) leftAlone();
    }

    @Override
    public void onActivityCreated(Activity activity, Bundle state) {}

    @Override
    public void onActivityResumed(Activity activity) {}

    @Override
    public void onActivityPaused(Activity activity) {}

    @Override
    public void onActivitySaveInstanceState(Activity activity, Bundle state) {}

    @Override
    public void onActivityDestroyed(Activity activity) {}
  }
}

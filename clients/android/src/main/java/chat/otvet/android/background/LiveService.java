package chat.otvet.android.background;

import android.app.Notification;
import android.app.NotificationChannel;
import android.app.NotificationManager;
import android.app.PendingIntent;
import android.app.Service;
import android.content.Context;
import android.content.Intent;
import android.content.pm.ServiceInfo;
import android.os.Build;
import android.os.Handler;
import android.os.IBinder;
import android.os.Looper;
import android.util.Log;
import chat.otvet.android.OtvetApplication;
import chat.otvet.android.R;
import chat.otvet.android.RequiresApi;
import chat.otvet.android.account.Session;
import chat.otvet.android.conversations.ConversationsActivity;
import chat.otvet.android.delivery.ClientView;

/**
 * Keeps the connection up after the last screen has gone, while a conversation is live, and not a minute longer. It is
 * started as the screens go, which is the last moment at which Android allows it.
 */
public final class LiveService extends Service {
  private static final String CHANNEL = "live";
  private static final int ID = 3;
  private static final long LOOK_EVERY_MS = 60_000;

  /** The one that runs; only touched on the main thread. */
  private static LiveService running;

  private final Handler main = new Handler(Looper.getMainLooper());
  private final Runnable look = this::look;
  private Session session;

  public static void startIfLive(Context context, ClientView view) {
    if (view == null || !LivePolicy.isLive(view, System.currentTimeMillis())) return;
    try {
      context.startForegroundService(new Intent(context, LiveService.class));
    } catch (IllegalStateException e) {
      // Android may refuse all the same, on a tight battery for instance. The job brings answers then, only later.
      Log.i("Otvet", "no foreground service now: " + e.getMessage());
    }
  }

  /**
   * Ends it if it runs. One that was asked for and has not begun ends itself: Android takes an app down that stops such a
   * service before it could show itself.
   */
  public static void stop() {
    if (running != null) running.stopSelf();
  }

  @Override
  public void onCreate() {
    super.onCreate();
    running = this;
    NotificationChannel channel = new NotificationChannel(CHANNEL, getString(R.string.channel_live), NotificationManager.IMPORTANCE_LOW);
    channel.setDescription(getString(R.string.channel_live_about));
    getSystemService(NotificationManager.class).createNotificationChannel(channel);
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) startTyped();
    else startForeground(ID, notification());
    session = OtvetApplication.of(this).session();
    session.hold(this);
    main.postDelayed(look, LOOK_EVERY_MS);
  }

  @Override
  public int onStartCommand(Intent intent, int flags, int startId) {
    OtvetApplication app = OtvetApplication.of(this);
    // The person came back, or was signed out, while this was on its way.
    if (app.isSeen() || !session.isSignedIn()) stopSelf();
    // A process that was killed is not brought back for this: the job catches up.
    return START_NOT_STICKY;
  }

  @Override
  public void onDestroy() {
    running = null;
    main.removeCallbacks(look);
    session.release(this);
    super.onDestroy();
  }

  @Override
  public IBinder onBind(Intent intent) {
    return null;
  }

  /** From Android 15 the system ends a service of this type after six hours a day. */
  public void onTimeout(int startId, int type) {
    stopSelf();
  }

  @RequiresApi(Build.VERSION_CODES.Q)
  private void startTyped() {
    startForeground(ID, notification(), ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC);
  }

  private void look() {
    ClientView view = session.view();
    if (view == null || !LivePolicy.isLive(view, System.currentTimeMillis())) stopSelf();
    else main.postDelayed(look, LOOK_EVERY_MS);
  }

  private Notification notification() {
    PendingIntent open = PendingIntent.getActivity(this, 0, ConversationsActivity.intent(this, null), PendingIntent.FLAG_IMMUTABLE);
    return new Notification.Builder(this, CHANNEL).setSmallIcon(R.drawable.ic_notification).setColor(getColor(R.color.accent))
        .setContentTitle(getString(R.string.live_title)).setContentText(getString(R.string.live_text)).setContentIntent(open).setOngoing(true).build();
  }
}

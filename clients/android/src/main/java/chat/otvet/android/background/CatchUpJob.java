package chat.otvet.android.background;

import android.app.job.JobInfo;
import android.app.job.JobParameters;
import android.app.job.JobScheduler;
import android.app.job.JobService;
import android.content.ComponentName;
import android.content.Context;
import android.os.Build;
import android.os.Handler;
import android.os.Looper;
import chat.otvet.android.OtvetApplication;
import chat.otvet.android.RequiresApi;
import chat.otvet.android.account.Session;
import chat.otvet.android.connection.ConnectionState;
import chat.otvet.android.delivery.ClientView;

/** Connects now and then without a screen: fetches what was answered, sends what is unsent, and ends. */
public final class CatchUpJob extends JobService {
  private static final int PERIODIC = 1;
  private static final int SOON = 2;
  /** Android allows no shorter period. */
  private static final long EVERY_MS = 15 * 60_000;
  /** Events follow the greeting at once; so long without one means that there are no more. */
  private static final long QUIET_MS = 2000;
  private static final long AT_MOST_MS = 60_000;

  /** One run. */
  private final class Run {
    final JobParameters parameters;
    final long until = System.currentTimeMillis() + AT_MOST_MS;
    ClientView last;
    long since;

    Run(JobParameters parameters) {
      this.parameters = parameters;
    }

    void look() {
      ClientView view = session.view();
      long now = System.currentTimeMillis();
      if (view != last) since = now;
      last = view;
      boolean done = view != null && view.state == ConnectionState.ONLINE && !view.hasUnsent() && now - since >= QUIET_MS;
      boolean over = now >= until || !session.isSignedIn();
      if (!done && !over) {
        main.postDelayed(look, QUIET_MS / 4);
        return;
      }
      boolean again = !done && view != null && view.hasUnsent();
      end();
      jobFinished(parameters, again);
    }

    void end() {
      main.removeCallbacks(look);
      session.release(this);
      run = null;
    }
  }

  private final Handler main = new Handler(Looper.getMainLooper());
  private final Runnable look = this::look;
  private Session session;
  private Run run;

  /** Every quarter of an hour, also after a restart of the device, as long as somebody is signed in. */
  public static void schedule(Context context) {
    JobScheduler scheduler = context.getSystemService(JobScheduler.class);
    if (scheduler.getPendingJob(PERIODIC) != null) return;
    scheduler.schedule(job(context, PERIODIC).setPeriodic(EVERY_MS).setPersisted(true).build());
  }

  /** As soon as there is a network: something waits to be sent. */
  public static void soon(Context context) {
    JobInfo.Builder job = job(context, SOON);
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) expedite(job);
    context.getSystemService(JobScheduler.class).schedule(job.build());
  }

  public static void cancel(Context context) {
    JobScheduler scheduler = context.getSystemService(JobScheduler.class);
    scheduler.cancel(PERIODIC);
    scheduler.cancel(SOON);
  }

  @Override
  public boolean onStartJob(JobParameters parameters) {
    session = OtvetApplication.of(this).session();
    if (!session.isSignedIn() || run != null) return false;
    run = new Run(parameters);
    session.hold(run);
    main.post(look);
    return true;
  }

  @Override
  public boolean onStopJob(JobParameters parameters) {
    if (run != null) run.end();
    return true;
  }

  private void look() {
    if (run != null) run.look();
  }

  private static JobInfo.Builder job(Context context, int id) {
    return new JobInfo.Builder(id, new ComponentName(context, CatchUpJob.class)).setRequiredNetworkType(JobInfo.NETWORK_TYPE_ANY);
  }

  @RequiresApi(Build.VERSION_CODES.S)
  private static void expedite(JobInfo.Builder job) {
    job.setExpedited(true);
  }
}

package chat.otvet.android.connection;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A loop on a thread of its own. */
public final class ThreadLoop implements Loop {
  private final ScheduledThreadPoolExecutor executor;

  public ThreadLoop(String name) {
    executor = new ScheduledThreadPoolExecutor(1, job -> {
      Thread thread = new Thread(job, name);
      thread.setDaemon(true);
      return thread;
    });
    executor.setRemoveOnCancelPolicy(true);
  }

  @Override
  public void run(Runnable job) {
    after(0, job);
  }

  @Override
  public Timer after(long ms, Runnable job) {
    try {
      ScheduledFuture<?> future = executor.schedule(() -> guarded(job), ms, TimeUnit.MILLISECONDS);
      return () -> future.cancel(false);
    } catch (RejectedExecutionException e) {
      // The loop has ended: whoever still calls, a socket's last word for instance, is not heard any more.
      return () -> {};
    }
  }

  @Override
  public long now() {
    return System.currentTimeMillis();
  }

  /** Takes no more jobs and forgets those that wait; waits for the one that runs, and tells whether it came to its end. */
  public boolean end() {
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    executor.shutdown();
    try {
      return executor.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** An executor would swallow what a job throws; a defect has to be seen. */
  private static void guarded(Runnable job) {
    try {
      job.run();
    } catch (RuntimeException | Error e) {
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
      throw e;
    }
  }
}

package chat.otvet.android.connection;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A loop whose time is moved by hand: jobs run on the calling thread, in order. */
public final class HandLoop implements Loop {
  private static final class Later {
    final long time;
    final long order;
    final Runnable job;
    boolean cancelled;

    Later(long time, long order, Runnable job) {
      this.time = time;
      this.order = order;
      this.job = job;
    }
  }

  private final ArrayDeque<Runnable> jobs = new ArrayDeque<>();
  private final PriorityQueue<Later> later =
      new PriorityQueue<>(Comparator.comparingLong((Later one) -> one.time).thenComparingLong(one -> one.order));
  private long now = 1_000_000;
  private long order;
  private boolean running;

  @Override
  public void run(Runnable job) {
    jobs.add(job);
    drain();
  }

  @Override
  public Timer after(long ms, Runnable job) {
    Later one = new Later(now + ms, order++, job);
    later.add(one);
    return () -> one.cancelled = true;
  }

  @Override
  public long now() {
    return now;
  }

  /** Lets time pass; what becomes due runs at its own moment. */
  public void pass(long ms) {
    long end = now + ms;
    while (!later.isEmpty() && later.peek().time <= end) {
      Later one = later.poll();
      now = one.time;
      if (!one.cancelled) run(one.job);
    }
    now = end;
  }

  private void drain() {
    if (running) return;
    running = true;
    try {
      for (Runnable job = jobs.poll(); job != null; job = jobs.poll()) job.run();
    } finally {
      running = false;
    }
  }
}

package chat.otvet.android.delivery;

import chat.otvet.android.connection.Loop;
import chat.otvet.android.store.QueuedItem;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Hands views to the screens: one for each burst of changes, on the screens' own thread. */
public final class Observers {
  /** An observation that has not ended. */
  public final class Subscription {
    private final String conversation;
    private final Consumer<ClientView> list;
    private final Consumer<ThreadView> thread;
    private final BiConsumer<QueuedItem, String> sent;
    private volatile boolean over;

    private Subscription(String conversation, Consumer<ClientView> list, Consumer<ThreadView> thread, BiConsumer<QueuedItem, String> sent) {
      this.conversation = conversation;
      this.list = list;
      this.thread = thread;
      this.sent = sent;
    }

    /** Nothing is handed over after this, when it is called on the screens' thread. */
    public void end() {
      over = true;
      subscriptions.remove(this);
    }

    private void hand(Runnable view) {
      screen.accept(() -> {
        if (!over) view.run();
      });
    }
  }

  private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();
  private final Loop loop;
  private final Consumer<Runnable> screen;
  private final Supplier<ClientView> view;
  private final BiFunction<String, ClientView, ThreadView> threadView;
  /** Only touched on the loop. */
  private boolean scheduled;

  Observers(Loop loop, Consumer<Runnable> screen, Supplier<ClientView> view, BiFunction<String, ClientView, ThreadView> threadView) {
    this.loop = loop;
    this.screen = screen;
    this.view = view;
    this.threadView = threadView;
  }

  /** The list and everything around it, now and after each change. */
  public Subscription list(Consumer<ClientView> observer) {
    return add(new Subscription(null, observer, null, null));
  }

  /** One conversation, now and after each change. */
  public Subscription thread(String conversation, Consumer<ThreadView> observer) {
    return add(new Subscription(conversation, null, observer, null));
  }

  /** Each acknowledged item with the conversation that it is in. */
  public Subscription sent(BiConsumer<QueuedItem, String> observer) {
    return add(new Subscription(null, null, null, observer));
  }

  /** Something that is shown has changed. On the loop. */
  void changed() {
    if (scheduled) return;
    scheduled = true;
    loop.run(() -> {
      scheduled = false;
      ClientView now = view.get();
      for (Subscription subscription : subscriptions) tell(subscription, now);
    });
  }

  void sent(QueuedItem item, String conversation) {
    for (Subscription subscription : subscriptions) {
      if (subscription.sent != null) subscription.hand(() -> subscription.sent.accept(item, conversation));
    }
  }

  private Subscription add(Subscription subscription) {
    subscriptions.add(subscription);
    loop.run(() -> tell(subscription, view.get()));
    return subscription;
  }

  private void tell(Subscription subscription, ClientView now) {
    if (subscription.list != null) subscription.hand(() -> subscription.list.accept(now));
    if (subscription.thread != null) {
      ThreadView thread = threadView.apply(subscription.conversation, now);
      subscription.hand(() -> subscription.thread.accept(thread));
    }
  }
}

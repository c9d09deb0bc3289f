package chat.otvet.android.thread;

import android.app.Activity;
import android.content.res.ColorStateList;
import android.os.Bundle;
import android.view.View;
import android.view.ViewGroup;
import android.widget.AbsListView;
import android.widget.ImageView;
import android.widget.ListView;
import android.widget.TextView;
import chat.otvet.android.OtvetApplication;
import chat.otvet.android.R;
import chat.otvet.android.account.ProblemException;
import chat.otvet.android.account.Rest;
import chat.otvet.android.account.Session;
import chat.otvet.android.connection.ConnectionState;
import chat.otvet.android.delivery.Client;
import chat.otvet.android.delivery.Observers;
import chat.otvet.android.delivery.ThreadView;
import chat.otvet.android.protocol.Cursor;
import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.Summary;
import chat.otvet.android.screen.Words;
import java.time.ZoneId;
import java.util.Collections;
import java.util.List;

/** A conversation with its composer, in a screen of its own or beside the list. */
public final class ThreadPane {
  /** Older messages are asked for when the top is this near. */
  private static final int NEAR_TOP = 10;

  private final Activity activity;
  private final Session session;
  private final Client client;
  private final String conversation;
  private final View root;
  private final ListView log;
  private final ThreadAdapter adapter;
  private final Composer composer;
  private final Words words;
  private Observers.Subscription subscription;
  private ThreadView view;
  /** Whether the newest message is in view; then new ones stay in view too. */
  private boolean atBottom = true;
  private long heard = -1;
  private boolean lookedUp;

  /** @param alone whether it fills the screen, and so has a way back to the list */
  public ThreadPane(Activity activity, Session session, String conversation, ViewGroup place, boolean alone) {
    this.activity = activity;
    this.session = session;
    this.conversation = conversation;
    client = session.client();
    words = new Words(activity);
    root = activity.getLayoutInflater().inflate(R.layout.thread, place, false);
    place.addView(root);
    composer = new Composer(root, session, conversation);
    adapter = new ThreadAdapter(activity, new ThreadAdapter.Actions() {
      @Override
      public void retry(String key) {
        client.retry(key);
      }

      @Override
      public void discard(String key) {
        client.discard(key);
      }
    });
    log = root.findViewById(R.id.log);
    log.setAdapter(adapter);
    log.setOnScrollListener(new Scrolling());
    View back = root.findViewById(R.id.back);
    back.setVisibility(alone ? View.VISIBLE : View.GONE);
    back.setOnClickListener(button -> activity.finish());
    root.findViewById(R.id.resolve).setOnClickListener(button -> client.resolve(conversation, true));
    root.findViewById(R.id.reopen).setOnClickListener(button -> client.resolve(conversation, false));
    root.findViewById(R.id.to_newest).setOnClickListener(button -> toNewest());
    client.open(conversation);
  }

  /** It is seen. */
  public void start() {
    composer.start();
    subscription = client.observers().thread(conversation, this::show);
    OtvetApplication.of(activity).notifier().looksAt(conversation);
  }

  /** It is not seen any more. */
  public void stop() {
    if (subscription != null) subscription.end();
    subscription = null;
    OtvetApplication.of(activity).notifier().looksAway(conversation);
    composer.stop();
  }

  public void save(Bundle state) {
    state.putBoolean("at_bottom", atBottom);
    state.putString("first", adapter.key(log.getFirstVisiblePosition()));
    composer.save(state);
  }

  public void restore(Bundle state) {
    atBottom = state.getBoolean("at_bottom", true);
    composer.restore(state);
    String first = state.getString("first");
    if (!atBottom && first != null) log.setTag(first);
  }

  private void show(ThreadView now) {
    ThreadView before = view;
    view = now;
    showHead(now.summary);
    Person typing = now.client.typing.get(conversation);
    TextView line = root.findViewById(R.id.typing);
    line.setText(typing == null ? "" : activity.getString(R.string.typing, typing.name));
    composer.limit(now.client.limits);
    if (now.summary == null && now.client.state == ConnectionState.ONLINE) lookUp();
    if (before == null || changed(before, now)) showRows(now);
    announce(now);
    read();
  }

  private void showHead(Summary summary) {
    root.<TextView>findViewById(R.id.title).setText(words.title(summary));
    root.findViewById(R.id.status_row).setVisibility(summary == null ? View.GONE : View.VISIBLE);
    boolean online = view.client.state == ConnectionState.ONLINE;
    boolean resolved = summary != null && summary.status.equals(Summary.RESOLVED);
    View resolve = root.findViewById(R.id.resolve);
    View reopen = root.findViewById(R.id.reopen);
    resolve.setVisibility(summary != null && !resolved ? View.VISIBLE : View.GONE);
    reopen.setVisibility(resolved ? View.VISIBLE : View.GONE);
    resolve.setEnabled(online);
    reopen.setEnabled(online);
    if (summary == null) return;
    root.<TextView>findViewById(R.id.status).setText(words.status(summary));
    root.<ImageView>findViewById(R.id.dot).setImageTintList(ColorStateList.valueOf(Words.statusColor(activity, summary)));
  }

  private static boolean changed(ThreadView before, ThreadView now) {
    return before.events != now.events || !before.pending.equals(now.pending) || before.loading != now.loading || before.loaded != now.loaded
        || before.summary != now.summary;
  }

  private void showRows(ThreadView now) {
    long readUpTo = now.summary == null ? 0 : now.summary.readByOthers(now.client.me);
    List<Row> rows = now.loaded || !now.pending.isEmpty() ? Rows.of(now.events, now.pending, now.client.me, readUpTo, ZoneId.systemDefault())
        : Collections.emptyList();
    String above = !now.hasMore ? activity.getString(R.string.beginning) : now.loading ? activity.getString(R.string.loading_older) : " ";
    String key = log.getTag() != null ? (String) log.getTag() : adapter.key(Math.max(1, log.getFirstVisiblePosition()));
    View first = log.getChildAt(log.getFirstVisiblePosition() == 0 ? 1 : 0);
    int top = first == null ? 0 : first.getTop() - log.getPaddingTop();
    adapter.show(rows, above);
    if (atBottom) {
      toNewest();
    } else if (key != null) {
      // Older rows came in above: what was in view stays where it was.
      int position = adapter.position(key);
      if (position >= 0) log.setSelectionFromTop(position, top);
      if (!rows.isEmpty()) log.setTag(null);
    }
  }

  private void toNewest() {
    atBottom = true;
    log.setSelection(adapter.getCount() - 1);
    root.findViewById(R.id.to_newest).setVisibility(View.GONE);
  }

  /** A conversation that came by a link may be too old for the list. */
  private void lookUp() {
    if (lookedUp) return;
    lookedUp = true;
    Rest rest = session.rest();
    new Thread(() -> {
      try {
        client.addOlder(Collections.singletonList(rest.conversation(conversation)));
      } catch (ProblemException e) {
        activity.runOnUiThread(() -> {
          // Somebody else's, or none: the empty thread says as much.
          if (e.status == 404) root.<TextView>findViewById(R.id.title).setText(R.string.gone_words);
        });
      }
    }, "look-up").start();
  }

  /** Moves the read mark while the newest message of others is really looked at. */
  private void read() {
    if (subscription == null || !atBottom || view == null || view.summary == null || view.client.me == null) return;
    long last = 0;
    for (int i = view.events.size() - 1; i >= 0 && last == 0; i--) {
      Event event = view.events.get(i);
      if (event.isMessage() && !view.client.me.wrote(event.actor)) last = event.seq;
    }
    Cursor own = view.summary.cursors.get(view.client.me.id);
    if (last > (own == null ? 0 : own.read)) client.read(conversation, last);
  }

  /** Says new messages of others out loud, and not the old ones that scrolling brings in. */
  private void announce(ThreadView now) {
    if (!now.loaded || now.events.isEmpty()) return;
    Event last = now.events.get(now.events.size() - 1);
    boolean isNew = heard >= 0 && last.seq > heard;
    heard = last.seq;
    if (isNew && last.isMessage() && !now.client.me.wrote(last.actor)) {
      log.announceForAccessibility(activity.getString(R.string.new_message_from, last.actor.name, last.body));
    }
  }

  private final class Scrolling implements AbsListView.OnScrollListener {
    private boolean byHand;

    @Override
    public void onScrollStateChanged(AbsListView list, int state) {
      byHand = state != SCROLL_STATE_IDLE;
      if (state == SCROLL_STATE_IDLE) read();
    }

    @Override
    public void onScroll(AbsListView list, int first, int visible, int total) {
      if (total == 0 || visible == 0) return;
      boolean end = first + visible >= total && log.getChildAt(visible - 1).getBottom() <= log.getHeight() - log.getPaddingBottom() + 1;
      // Only the person's finger leaves the bottom; a growing list does not.
      if (byHand || end) atBottom = end;
      root.findViewById(R.id.to_newest).setVisibility(atBottom ? View.GONE : View.VISIBLE);
      if (first < NEAR_TOP && view != null && view.loaded && view.hasMore) client.loadOlder(conversation);
    }
  }
}

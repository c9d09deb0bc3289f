package chat.otvet.android.notification;

import android.app.Notification;
import android.app.NotificationChannel;
import android.app.NotificationManager;
import android.app.PendingIntent;
import android.app.RemoteInput;
import android.content.Intent;
import android.net.Uri;
import android.os.Build;
import android.os.Handler;
import android.os.Looper;
import chat.otvet.android.OtvetApplication;
import chat.otvet.android.R;
import chat.otvet.android.account.Session;
import chat.otvet.android.connection.Loop;
import chat.otvet.android.conversations.ConversationsActivity;
import chat.otvet.android.delivery.ClientView;
import chat.otvet.android.protocol.Summary;
import chat.otvet.android.screen.Words;
import chat.otvet.android.store.Store;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Tells of answers while nobody looks: one notification a conversation, with a reply, all of them in one group. */
public final class Notifier implements Session.Listener {
  /** Of notifications about answers; the foreground service has its own. */
  public static final String ANSWERS = "answers";
  private static final String GROUP = "answers";
  private static final int ID = 1;
  private static final int SUMMARY_ID = 2;
  private static final int MOST_LINES = 6;

  private static final class Line {
    final CharSequence text;
    final long time;
    /** Null for the person themself. */
    final CharSequence sender;

    Line(CharSequence text, long time, CharSequence sender) {
      this.text = text;
      this.time = time;
      this.sender = sender;
    }
  }

  private final OtvetApplication app;
  private final Session session;
  private final Store store;
  private final Loop loop;
  private final NotificationManager manager;
  private final Words words;
  private final Notices notices = new Notices();
  private final Set<String> lookedAt = new HashSet<>();
  /** What the notifications that are up say. */
  private final Map<String, List<Line>> lines = new HashMap<>();
  /** What was told before the process began is known. */
  private boolean restored;

  public Notifier(OtvetApplication app, Session session, Store store, Loop loop) {
    this.app = app;
    this.session = session;
    this.store = store;
    this.loop = loop;
    manager = app.getSystemService(NotificationManager.class);
    words = new Words(app);
    NotificationChannel channel = new NotificationChannel(ANSWERS, app.getString(R.string.channel_answers), NotificationManager.IMPORTANCE_HIGH);
    channel.setDescription(app.getString(R.string.channel_answers_about));
    manager.createNotificationChannel(channel);
    session.addListener(this);
    if (session.isSignedIn()) restore();
  }

  /** The conversation is on the screen: what its notification says is seen. */
  public void looksAt(String conversation) {
    lookedAt.add(conversation);
    cancel(conversation);
  }

  public void looksAway(String conversation) {
    lookedAt.remove(conversation);
  }

  /** A reply was given from the notification; it is shown there, as the system expects. */
  public void replied(String conversation, CharSequence text) {
    ClientView view = session.view();
    Summary summary = view == null ? null : view.conversation(conversation);
    if (summary == null || !lines.containsKey(conversation)) {
      cancel(conversation);
      return;
    }
    add(conversation, new Line(text, loop.now(), null));
    post(summary, true);
  }

  @Override
  public void signedIn() {
    restore();
  }

  @Override
  public void signedOut(String owner, boolean expired) {
    notices.clear();
    restored = false;
    for (String conversation : new ArrayList<>(lines.keySet())) cancel(conversation);
  }

  @Override
  public void changed(ClientView view) {
    if (!restored) return;
    for (Summary summary : notices.take(view.conversations, view.me)) {
      String owner = view.me.id;
      loop.run(() -> store.saveNotified(owner, summary.id, summary.lastMessage.seq));
      // Who has the app before them sees the list or the thread move.
      if (app.isSeen() || lookedAt.contains(summary.id)) continue;
      add(summary.id, new Line(summary.lastMessage.body, Words.time(summary.lastMessage.at), summary.lastMessage.author.name));
      post(summary, false);
    }
    for (Summary summary : view.conversations) {
      // Read here or on another device. A reply does not move the read mark, so its notification stays until it is.
      if (summary.unread == 0 && lines.containsKey(summary.id)) cancel(summary.id);
    }
  }

  private void restore() {
    String owner = session.account().person.id;
    loop.run(() -> {
      Map<String, Long> stored = store.notified(owner);
      new Handler(Looper.getMainLooper()).post(() -> {
        if (session.account() == null || !session.account().person.id.equals(owner)) return;
        notices.restore(stored);
        restored = true;
        if (session.view() != null) changed(session.view());
      });
    });
  }

  private void add(String conversation, Line line) {
    List<Line> all = lines.computeIfAbsent(conversation, id -> new ArrayList<>());
    all.add(line);
    if (all.size() > MOST_LINES) all.remove(0);
  }

  private void cancel(String conversation) {
    lines.remove(conversation);
    manager.cancel(conversation, ID);
    if (lines.isEmpty()) manager.cancel(SUMMARY_ID);
  }

  @SuppressWarnings("deprecation") // Names instead of android.app.Person, which begins with API 28.
  private void post(Summary summary, boolean quiet) {
    Notification.MessagingStyle style = new Notification.MessagingStyle(app.getString(R.string.you)).setConversationTitle(words.title(summary));
    for (Line line : lines.get(summary.id)) style.addMessage(line.text, line.time, line.sender);
    Notification.Builder notification = base().setStyle(style).setContentTitle(words.title(summary)).setContentText(summary.lastMessage.body)
        .setContentIntent(open(summary.id)).setOnlyAlertOnce(quiet).setCategory(Notification.CATEGORY_MESSAGE).addAction(reply(summary.id))
        .setWhen(Words.time(summary.lastMessage.at)).setShowWhen(true);
    manager.notify(summary.id, ID, notification.build());
    manager.notify(SUMMARY_ID, base().setGroupSummary(true).setContentTitle(app.getString(R.string.brand)).setContentIntent(open(null)).build());
  }

  private Notification.Builder base() {
    return new Notification.Builder(app, ANSWERS).setSmallIcon(R.drawable.ic_notification).setColor(app.getColor(R.color.accent)).setAutoCancel(true)
        .setGroup(GROUP).setVisibility(Notification.VISIBILITY_PRIVATE);
  }

  private PendingIntent open(String conversation) {
    Intent intent = ConversationsActivity.intent(app, conversation).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK | Intent.FLAG_ACTIVITY_CLEAR_TOP);
    // Intents that differ only in their extras would share one pending intent, and open the wrong conversation.
    intent.setData(Uri.parse("otvet:open/" + conversation));
    return PendingIntent.getActivity(app, 0, intent, PendingIntent.FLAG_UPDATE_CURRENT | PendingIntent.FLAG_IMMUTABLE);
  }

  private Notification.Action reply(String conversation) {
    Intent intent = new Intent(app, ReplyReceiver.class).setData(Uri.parse("otvet:reply/" + conversation));
    // The system writes the reply into it.
    int mutable = Build.VERSION.SDK_INT >= Build.VERSION_CODES.S ? PendingIntent.FLAG_MUTABLE : 0;
    PendingIntent answer = PendingIntent.getBroadcast(app, 0, intent, PendingIntent.FLAG_UPDATE_CURRENT | mutable);
    RemoteInput input = new RemoteInput.Builder(ReplyReceiver.TEXT).setLabel(app.getString(R.string.reply_hint)).build();
    android.graphics.drawable.Icon icon = android.graphics.drawable.Icon.createWithResource(app, R.drawable.ic_send);
    return new Notification.Action.Builder(icon, app.getString(R.string.reply), answer).addRemoteInput(input).setAllowGeneratedReplies(true).build();
  }
}

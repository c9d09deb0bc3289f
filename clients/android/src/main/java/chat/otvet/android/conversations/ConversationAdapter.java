package chat.otvet.android.conversations;

import android.app.Activity;
import android.content.res.ColorStateList;
import android.view.View;
import android.view.ViewGroup;
import android.widget.BaseAdapter;
import android.widget.ImageView;
import android.widget.TextView;
import chat.otvet.android.R;
import chat.otvet.android.delivery.Client;
import chat.otvet.android.delivery.ClientView;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.Summary;
import chat.otvet.android.screen.Avatar;
import chat.otvet.android.screen.Words;
import chat.otvet.android.store.QueuedItem;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;

/** The rows of the list: questions that are still on their way, then conversations, the newest on top. */
final class ConversationAdapter extends BaseAdapter {
  private static final int MOST_SHOWN = 99;

  private final Activity activity;
  private final Supplier<Client> client;
  private final Words words;
  private List<QueuedItem> questions = Collections.emptyList();
  private ClientView view;
  private String current;

  ConversationAdapter(Activity activity, Supplier<Client> client) {
    this.activity = activity;
    this.client = client;
    words = new Words(activity);
  }

  void show(ClientView next) {
    view = next;
    questions = new ArrayList<>();
    for (QueuedItem item : next.queue) if (item.isQuestion()) questions.add(item);
    notifyDataSetChanged();
  }

  void setCurrent(String conversation) {
    current = conversation;
    notifyDataSetChanged();
  }

  int conversations() {
    return view == null ? 0 : view.conversations.size();
  }

  /** The conversation of a row; null for a question that is on its way. */
  String conversation(int position) {
    return position < questions.size() ? null : getSummary(position).id;
  }

  @Override
  public int getCount() {
    return questions.size() + conversations();
  }

  @Override
  public Object getItem(int position) {
    return position < questions.size() ? questions.get(position) : getSummary(position);
  }

  @Override
  public long getItemId(int position) {
    return position;
  }

  @Override
  public int getViewTypeCount() {
    return 2;
  }

  @Override
  public int getItemViewType(int position) {
    return position < questions.size() ? 0 : 1;
  }

  @Override
  public boolean areAllItemsEnabled() {
    return questions.isEmpty();
  }

  @Override
  public boolean isEnabled(int position) {
    return position >= questions.size();
  }

  @Override
  public View getView(int position, View reused, ViewGroup parent) {
    boolean question = position < questions.size();
    int layout = question ? R.layout.unsent_entry : R.layout.conversation_entry;
    View row = reused != null ? reused : activity.getLayoutInflater().inflate(layout, parent, false);
    if (question) bind(row, questions.get(position));
    else bind(row, getSummary(position));
    return row;
  }

  private Summary getSummary(int position) {
    return view.conversations.get(position - questions.size());
  }

  private void bind(View row, QueuedItem item) {
    boolean refused = item.state == QueuedItem.State.REFUSED;
    row.<TextView>findViewById(R.id.unsent_body).setText(item.subject != null ? item.subject : item.body);
    TextView state = row.findViewById(R.id.unsent_state);
    state.setText(refused ? words.refusal(item.errorCode)
        : activity.getString(item.state == QueuedItem.State.SENDING ? R.string.sending : R.string.question_queued));
    state.setTextColor(activity.getColor(refused ? R.color.danger : R.color.ink_soft));
    row.findViewById(R.id.unsent_actions).setVisibility(refused ? View.VISIBLE : View.GONE);
    row.findViewById(R.id.unsent_retry).setOnClickListener(button -> client.get().retry(item.key));
    row.findViewById(R.id.unsent_discard).setOnClickListener(button -> client.get().discard(item.key));
  }

  private void bind(View row, Summary entry) {
    ImageView avatar = row.findViewById(R.id.avatar);
    boolean claimed = entry.manager != null;
    avatar.setImageDrawable(claimed ? new Avatar(activity, entry.manager) : activity.getDrawable(R.drawable.ic_clock));
    avatar.setBackground(claimed ? null : activity.getDrawable(R.drawable.circle));
    avatar.setBackgroundTintList(ColorStateList.valueOf(activity.getColor(R.color.warm_soft)));
    avatar.setImageTintList(claimed ? null : ColorStateList.valueOf(activity.getColor(R.color.warm)));
    int inset = claimed ? 0 : Math.round(10 * activity.getResources().getDisplayMetrics().density);
    avatar.setPadding(inset, inset, inset, inset);

    String title = words.title(entry);
    String time = words.brief(Words.time(entry.updatedAt));
    Person typing = view.typing.get(entry.id);
    String preview = typing != null ? activity.getString(R.string.typing, typing.name) : preview(entry);
    String status = words.status(entry);
    row.<TextView>findViewById(R.id.title).setText(title);
    row.<TextView>findViewById(R.id.time).setText(time);
    TextView line = row.findViewById(R.id.preview);
    line.setText(preview);
    line.setTextColor(activity.getColor(typing != null ? R.color.accent : R.color.ink_soft));
    TextView badge = row.findViewById(R.id.badge);
    badge.setVisibility(entry.unread > 0 ? View.VISIBLE : View.GONE);
    badge.setText(entry.unread > MOST_SHOWN ? MOST_SHOWN + "+" : String.valueOf(entry.unread));
    row.<ImageView>findViewById(R.id.dot).setImageTintList(ColorStateList.valueOf(Words.statusColor(activity, entry)));
    row.<TextView>findViewById(R.id.status).setText(status);
    row.setActivated(entry.id.equals(current));
    String unread = entry.unread > 0 ? activity.getString(R.string.unread, entry.unread) + ". " : "";
    row.setContentDescription(title + ". " + unread + preview + ". " + status + ". " + time);
  }

  private String preview(Summary entry) {
    if (entry.lastMessage == null || standsFor(entry.subject, entry.lastMessage.body)) return "";
    String body = entry.lastMessage.body.replace('\n', ' ');
    return view.me.wrote(entry.lastMessage.author) ? activity.getString(R.string.you) + ": " + body : body;
  }

  /** Whether a subject is the beginning of this message: then one of the two is enough. */
  private static boolean standsFor(String subject, String body) {
    return subject != null && body.startsWith(subject.replaceAll("…$", ""));
  }
}

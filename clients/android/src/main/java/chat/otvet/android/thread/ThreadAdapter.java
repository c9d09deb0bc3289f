package chat.otvet.android.thread;

import android.app.Activity;
import android.content.res.ColorStateList;
import android.text.SpannableString;
import android.text.util.Linkify;
import android.view.Gravity;
import android.view.View;
import android.view.ViewGroup;
import android.widget.BaseAdapter;
import android.widget.ImageView;
import android.widget.LinearLayout;
import android.widget.TextView;
import chat.otvet.android.R;
import chat.otvet.android.protocol.Event;
import chat.otvet.android.screen.Avatar;
import chat.otvet.android.screen.Words;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;

/** Draws the rows of a thread. The first one tells whether there is more above. */
final class ThreadAdapter extends BaseAdapter {
  /** What a refused message lets the person do. */
  interface Actions {
    void retry(String key);

    void discard(String key);
  }

  private static final int BEGINNING = 0;
  private static final int DAY = 1;
  private static final int HAPPENING = 2;
  private static final int MESSAGE = 3;
  /** Other schemes stay text. */
  private static final Pattern LINK = Pattern.compile("https?://[^\\s<>\"]+[^\\s<>\".,;:!?)]");

  private final Activity activity;
  private final Actions actions;
  private final Words words;
  private List<Row> rows = Collections.emptyList();
  private String beginning = "";

  ThreadAdapter(Activity activity, Actions actions) {
    this.activity = activity;
    this.actions = actions;
    words = new Words(activity);
  }

  void show(List<Row> next, String above) {
    rows = next;
    beginning = above;
    notifyDataSetChanged();
  }

  /** The key of what a position shows; null for the beginning. */
  String key(int position) {
    return position <= 0 || position > rows.size() ? null : rows.get(position - 1).key;
  }

  /** The position of a key, looked for from the end; -1 when it is not there. */
  int position(String key) {
    for (int i = rows.size() - 1; i >= 0; i--) if (rows.get(i).key.equals(key)) return i + 1;
    return -1;
  }

  @Override
  public int getCount() {
    return rows.isEmpty() ? 0 : rows.size() + 1;
  }

  @Override
  public Object getItem(int position) {
    return position == 0 ? null : rows.get(position - 1);
  }

  @Override
  public long getItemId(int position) {
    return position;
  }

  @Override
  public boolean areAllItemsEnabled() {
    return false;
  }

  @Override
  public boolean isEnabled(int position) {
    return false;
  }

  @Override
  public int getViewTypeCount() {
    return 4;
  }

  @Override
  public int getItemViewType(int position) {
    if (position == 0) return BEGINNING;
    Row row = rows.get(position - 1);
    return row instanceof Row.Day ? DAY : row instanceof Row.Happening ? HAPPENING : MESSAGE;
  }

  @Override
  public View getView(int position, View reused, ViewGroup parent) {
    int type = getItemViewType(position);
    View view = reused != null ? reused : inflate(type, parent);
    switch (type) {
      case BEGINNING:
        view.<TextView>findViewById(R.id.text).setText(beginning);
        break;
      case DAY:
        view.<TextView>findViewById(R.id.text).setText(words.day(((Row.Day) rows.get(position - 1)).date));
        break;
      case HAPPENING:
        bind(view, ((Row.Happening) rows.get(position - 1)).event);
        break;
      default:
        bind(view, (Row.Message) rows.get(position - 1));
    }
    return view;
  }

  private View inflate(int type, ViewGroup parent) {
    int layout = type == BEGINNING ? R.layout.row_beginning : type == DAY ? R.layout.row_day : type == HAPPENING ? R.layout.row_system : R.layout.row_message;
    return activity.getLayoutInflater().inflate(layout, parent, false);
  }

  private void bind(View view, Event event) {
    view.<TextView>findViewById(R.id.text).setText(happening(event) + " · " + words.clock(event.time()));
    view.<ImageView>findViewById(R.id.icon).setImageResource(icon(event));
  }

  private String happening(Event event) {
    switch (event.kind) {
      case "opened":
        return activity.getString(R.string.opened);
      case "claimed":
        return activity.getString(R.string.claimed, event.actor.name);
      case "released":
        return activity.getString(R.string.released);
      case "transferred":
        return activity.getString(R.string.transferred, event.to.name);
      case "resolved":
        return activity.getString(R.string.resolved);
      default:
        return activity.getString(R.string.reopened);
    }
  }

  private static int icon(Event event) {
    switch (event.kind) {
      case "opened":
        return R.drawable.ic_plus;
      case "claimed":
        return R.drawable.ic_user;
      case "released":
        return R.drawable.ic_clock;
      case "transferred":
        return R.drawable.ic_swap;
      case "resolved":
        return R.drawable.ic_done;
      default:
        return R.drawable.ic_reopen;
    }
  }

  private void bind(View view, Row.Message row) {
    boolean own = row.isOwn();
    boolean failed = row.delivery == Row.Delivery.REFUSED;
    float density = activity.getResources().getDisplayMetrics().density;
    view.setPadding(0, Math.round((row.opensRun() ? 10 : 3) * density), 0, 0);

    ImageView avatar = view.findViewById(R.id.avatar);
    avatar.setVisibility(own ? View.GONE : row.closesRun() ? View.VISIBLE : View.INVISIBLE);
    if (!own && row.closesRun()) avatar.setImageDrawable(new Avatar(activity, row.author));
    view.<LinearLayout>findViewById(R.id.column).setGravity(own ? Gravity.END : Gravity.START);
    TextView author = view.findViewById(R.id.author);
    author.setVisibility(!own && row.opensRun() ? View.VISIBLE : View.GONE);
    author.setText(row.author.name);

    view.findViewById(R.id.bubble).setBackgroundResource(ground(row, failed));
    int ink = activity.getColor(own && !failed ? R.color.own_ink : R.color.ink);
    int soft = activity.getColor(failed ? R.color.danger : own ? R.color.own_meta : R.color.ink_soft);
    TextView body = view.findViewById(R.id.body);
    SpannableString text = new SpannableString(row.body);
    boolean links = Linkify.addLinks(text, LINK, null);
    body.setText(text);
    body.setMovementMethod(links ? android.text.method.LinkMovementMethod.getInstance() : null);
    // The bubble speaks for its words, but only the words themselves offer their links to a screen reader.
    body.setImportantForAccessibility(links ? View.IMPORTANT_FOR_ACCESSIBILITY_YES : View.IMPORTANT_FOR_ACCESSIBILITY_NO);
    body.setTextColor(ink);
    body.setLinkTextColor(ink);
    TextView time = view.findViewById(R.id.time);
    time.setText(words.clock(row.time));
    time.setTextColor(soft);
    ImageView delivery = view.findViewById(R.id.delivery);
    delivery.setVisibility(own ? View.VISIBLE : View.GONE);
    if (own) {
      delivery.setImageResource(sign(row.delivery));
      delivery.setImageTintList(ColorStateList.valueOf(soft));
    }
    view.findViewById(R.id.bubble).setContentDescription(description(row));
    bindFailure(view, row, failed);
  }

  private void bindFailure(View view, Row.Message row, boolean failed) {
    view.findViewById(R.id.failure).setVisibility(failed ? View.VISIBLE : View.GONE);
    if (!failed) return;
    view.<TextView>findViewById(R.id.failure_words).setText(words.refusal(row.item.errorCode));
    view.findViewById(R.id.retry).setOnClickListener(button -> actions.retry(row.key));
    view.findViewById(R.id.discard).setOnClickListener(button -> actions.discard(row.key));
  }

  /** What a screen reader says of a message: who, what, when, and how far it has come. */
  private String description(Row.Message row) {
    String who = row.isOwn() ? activity.getString(R.string.you) : row.author.name;
    String spoken = who + ": " + row.body + ". " + words.clock(row.time);
    return row.isOwn() ? spoken + ". " + activity.getString(spoken(row.delivery)) : spoken;
  }

  private static int ground(Row.Message row, boolean failed) {
    if (failed) return row.opensRun() ? R.drawable.bubble_failed_opens : R.drawable.bubble_failed_continues;
    if (row.isOwn()) return row.opensRun() ? R.drawable.bubble_own_opens : R.drawable.bubble_own_continues;
    return row.opensRun() ? R.drawable.bubble_other_opens : R.drawable.bubble_other_continues;
  }

  private static int sign(Row.Delivery delivery) {
    switch (delivery) {
      case SENT:
        return R.drawable.ic_check;
      case READ:
        return R.drawable.ic_checks;
      case REFUSED:
        return R.drawable.ic_alert;
      default:
        return R.drawable.ic_clock;
    }
  }

  private static int spoken(Row.Delivery delivery) {
    switch (delivery) {
      case SENT:
        return R.string.sent;
      case READ:
        return R.string.read;
      case REFUSED:
        return R.string.failed;
      case SENDING:
        return R.string.sending;
      default:
        return R.string.queued;
    }
  }
}

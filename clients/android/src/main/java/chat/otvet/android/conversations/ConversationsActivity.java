package chat.otvet.android.conversations;

import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import android.view.View;
import android.view.ViewGroup;
import android.widget.AbsListView;
import android.widget.ListView;
import android.widget.Toast;
import chat.otvet.android.R;
import chat.otvet.android.account.AccountActivity;
import chat.otvet.android.account.ConversationLink;
import chat.otvet.android.account.WelcomeActivity;
import chat.otvet.android.delivery.ClientView;
import chat.otvet.android.delivery.Observers;
import chat.otvet.android.notification.Permission;
import chat.otvet.android.screen.Banner;
import chat.otvet.android.screen.ScreenActivity;
import chat.otvet.android.thread.ThreadActivity;
import chat.otvet.android.thread.ThreadPane;

/** The list of conversations; beside it, where there is room, the one that is open. The app starts here, and links come here. */
public final class ConversationsActivity extends ScreenActivity {
  private static final String CONVERSATION = "conversation";

  private ConversationAdapter adapter;
  private OlderConversations older;
  private Banner banner;
  private Observers.Subscription subscription;
  /** Only where there is room for it. */
  private ThreadPane pane;
  private String current;

  /** @param conversation the one to open; null for the list alone */
  public static Intent intent(Context context, String conversation) {
    return new Intent(context, ConversationsActivity.class).putExtra(CONVERSATION, conversation);
  }

  @Override
  protected void onCreate(Bundle state) {
    super.onCreate(state);
    if (!session().isSignedIn()) {
      String link = getIntent().getDataString();
      startActivity(link == null ? new Intent(this, WelcomeActivity.class) : WelcomeActivity.intent(this, link));
      finish();
      return;
    }
    setContentView(R.layout.conversations);
    drawEdgeToEdge(findViewById(R.id.root));
    banner = new Banner(this);
    older = new OlderConversations(session());
    adapter = new ConversationAdapter(this, session()::client);
    ListView list = findViewById(R.id.list);
    list.setAdapter(adapter);
    list.setOnItemClickListener((parent, view, position, id) -> {
      String conversation = adapter.conversation(position);
      if (conversation != null) open(conversation);
    });
    list.setOnScrollListener(new AbsListView.OnScrollListener() {
      @Override
      public void onScrollStateChanged(AbsListView view, int scrollState) {}

      @Override
      public void onScroll(AbsListView view, int first, int visible, int total) {
        if (total > 0 && first + visible >= total) older.loadNext(adapter.conversations());
      }
    });
    findViewById(R.id.new_question).setOnClickListener(view -> startActivity(new Intent(this, AskActivity.class)));
    findViewById(R.id.account).setOnClickListener(view -> startActivity(new Intent(this, AccountActivity.class)));
    if (state != null) {
      if (hasPane() && state.getString(CONVERSATION) != null) open(state.getString(CONVERSATION));
    } else {
      follow(getIntent());
    }
  }

  @Override
  protected void onNewIntent(Intent intent) {
    super.onNewIntent(intent);
    setIntent(intent);
    if (session().isSignedIn()) follow(intent);
  }

  @Override
  protected void onSaveInstanceState(Bundle state) {
    super.onSaveInstanceState(state);
    state.putString(CONVERSATION, current);
    if (pane != null) pane.save(state);
  }

  @Override
  protected void onRestoreInstanceState(Bundle state) {
    super.onRestoreInstanceState(state);
    if (pane != null) pane.restore(state);
  }

  @Override
  protected void onStart() {
    super.onStart();
    if (!session().isSignedIn()) return;
    subscription = session().client().observers().list(this::show);
    if (pane != null) pane.start();
  }

  @Override
  protected void onStop() {
    if (subscription != null) subscription.end();
    subscription = null;
    if (pane != null) pane.stop();
    if (banner != null) banner.end();
    super.onStop();
  }

  private boolean hasPane() {
    return findViewById(R.id.pane) != null;
  }

  private void show(ClientView view) {
    banner.show(view.state);
    adapter.show(view);
    findViewById(R.id.empty).setVisibility(adapter.isEmpty() ? View.VISIBLE : View.GONE);
    if (!view.conversations.isEmpty()) Permission.askOnce(this);
  }

  /** Goes where an intent leads: from a link on the site, from a notification, or nowhere but here. */
  private void follow(Intent intent) {
    String conversation = intent.getStringExtra(CONVERSATION);
    ConversationLink link = ConversationLink.parse(intent.getDataString());
    if (link != null && !link.origin.equals(session().account().origin)) {
      Toast.makeText(this, R.string.other_server, Toast.LENGTH_LONG).show();
      return;
    }
    if (link != null) conversation = link.conversation;
    if (conversation != null) open(conversation);
  }

  private void open(String conversation) {
    if (!hasPane()) {
      startActivity(ThreadActivity.intent(this, conversation));
      return;
    }
    if (conversation.equals(current)) return;
    current = conversation;
    adapter.setCurrent(conversation);
    if (pane != null) pane.stop();
    ViewGroup place = findViewById(R.id.pane);
    place.removeAllViews();
    pane = new ThreadPane(this, session(), conversation, place, false);
    if (subscription != null) pane.start();
  }
}

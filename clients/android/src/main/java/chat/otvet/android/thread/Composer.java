package chat.otvet.android.thread;

import android.content.Context;
import android.os.Bundle;
import android.text.Editable;
import android.text.TextWatcher;
import android.view.View;
import android.widget.EditText;
import android.widget.ImageButton;
import android.widget.TextView;
import chat.otvet.android.R;
import chat.otvet.android.account.Session;
import chat.otvet.android.protocol.Limits;

/** Where a message is written. What is typed is kept until it is sent, also over a sign-out by the server. */
final class Composer {
  /** From here on the counter says how much room is left. */
  private static final int COUNTS_BELOW = 200;
  /** The server passes at most one "is typing" in two seconds on. */
  private static final long TYPING_EVERY_MS = 2000;

  private final Session session;
  private final String conversation;
  private final String owner;
  private final Context context;
  private final EditText message;
  private final TextView counter;
  private final ImageButton send;
  private Limits limits = Limits.DEFAULT;
  private long typedAt;
  /** The person has typed here, or an earlier screen has handed its text over: the stored draft is older. */
  private boolean touched;
  private boolean filling;

  Composer(View root, Session session, String conversation) {
    this.session = session;
    this.conversation = conversation;
    owner = session.account().person.id;
    context = root.getContext();
    message = root.findViewById(R.id.message);
    counter = root.findViewById(R.id.counter);
    send = root.findViewById(R.id.send);
    // Its text comes back with the draft: a view that restores itself would mix up conversations in a pane.
    message.setSaveEnabled(false);
    message.addTextChangedListener(new TextWatcher() {
      @Override
      public void afterTextChanged(Editable text) {
        judge();
        if (!filling) typed();
      }

      @Override
      public void beforeTextChanged(CharSequence text, int start, int count, int after) {}

      @Override
      public void onTextChanged(CharSequence text, int start, int before, int count) {}
    });
    send.setOnClickListener(view -> send());
    judge();
  }

  void start() {
    if (touched) return;
    session.draft(conversation, text -> {
      if (!touched && text != null) fill(text);
    });
  }

  void stop() {
    session.saveDraft(owner, conversation, message.getText().toString());
  }

  void save(Bundle state) {
    state.putString("message", message.getText().toString());
  }

  void restore(Bundle state) {
    touched = true;
    fill(state.getString("message", ""));
  }

  void limit(Limits now) {
    if (limits == now) return;
    limits = now;
    judge();
  }

  private void fill(String text) {
    filling = true;
    message.setText(text);
    message.setSelection(message.length());
    filling = false;
  }

  private void typed() {
    touched = true;
    long now = android.os.SystemClock.uptimeMillis();
    if (message.length() == 0 || (typedAt != 0 && now - typedAt < TYPING_EVERY_MS) || session.client() == null) return;
    typedAt = now;
    session.client().typing(conversation);
  }

  private void judge() {
    String text = text();
    int left = limits.bodyCharacters - text.codePointCount(0, text.length());
    boolean tooLong = left < 0;
    counter.setText(tooLong ? context.getString(R.string.too_long) : left < COUNTS_BELOW ? context.getString(R.string.characters_left, left) : "");
    counter.setTextColor(context.getColor(tooLong ? R.color.danger : R.color.ink_soft));
    boolean ready = !tooLong && !text.isEmpty();
    send.setEnabled(ready);
    send.setAlpha(ready ? 1 : 0.45f);
  }

  /** The words leave the field only when the queue has them for good. */
  private void send() {
    String text = text();
    if (text.isEmpty() || session.client() == null) return;
    send.setEnabled(false);
    session.client().send(conversation, null, text, item -> {
      if (text().equals(item.body)) {
        fill("");
        session.saveDraft(owner, conversation, null);
      }
      typedAt = 0;
      judge();
    });
  }

  private String text() {
    return message.getText().toString().trim();
  }
}

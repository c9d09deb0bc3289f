package chat.otvet.android.conversations;

import android.os.Bundle;
import android.text.Editable;
import android.text.TextWatcher;
import android.view.View;
import android.widget.EditText;
import android.widget.TextView;
import chat.otvet.android.R;
import chat.otvet.android.account.Account;
import chat.otvet.android.protocol.Limits;
import chat.otvet.android.screen.ScreenActivity;

/** A new question. What was typed is kept until it is asked. */
public final class AskActivity extends ScreenActivity {
  /** From here on the counter says how much room is left. */
  private static final int COUNTS_BELOW = 200;
  /** The draft of a question belongs to no conversation yet. */
  private static final String NO_CONVERSATION = "";

  private EditText subject;
  private EditText question;
  private boolean asked;
  private String owner;

  @Override
  protected void onCreate(Bundle state) {
    super.onCreate(state);
    Account account = session().account();
    if (account == null) {
      finish();
      return;
    }
    owner = account.person.id;
    setContentView(R.layout.ask);
    drawEdgeToEdge(findViewById(R.id.root));
    subject = findViewById(R.id.subject);
    question = findViewById(R.id.question);
    TextWatcher watcher = new TextWatcher() {
      @Override
      public void afterTextChanged(Editable text) {
        judge();
      }

      @Override
      public void beforeTextChanged(CharSequence text, int start, int count, int after) {}

      @Override
      public void onTextChanged(CharSequence text, int start, int before, int count) {}
    };
    subject.addTextChangedListener(watcher);
    question.addTextChangedListener(watcher);
    findViewById(R.id.back).setOnClickListener(view -> finish());
    findViewById(R.id.ask).setOnClickListener(view -> ask());
    if (state == null) {
      session().draft(NO_CONVERSATION, text -> {
        if (text != null && question.length() == 0) question.setText(text);
      });
    }
    judge();
  }

  @Override
  protected void onStop() {
    if (owner != null) session().saveDraft(owner, NO_CONVERSATION, asked ? null : question.getText().toString());
    super.onStop();
  }

  private Limits limits() {
    return session().view() == null ? Limits.DEFAULT : session().view().limits;
  }

  private void judge() {
    int left = limits().bodyCharacters - characters(question);
    boolean tooLong = left < 0 || characters(subject) > limits().subjectCharacters;
    TextView counter = findViewById(R.id.counter);
    counter.setText(tooLong ? getString(R.string.too_long) : left < COUNTS_BELOW ? getString(R.string.characters_left, left) : "");
    counter.setTextColor(getColor(tooLong ? R.color.danger : R.color.ink_soft));
    boolean ready = !tooLong && !question.getText().toString().trim().isEmpty();
    View button = findViewById(R.id.ask);
    button.setEnabled(ready);
    button.setAlpha(ready ? 1 : 0.55f);
  }

  private void ask() {
    if (session().client() == null || asked) return;
    asked = true;
    String about = subject.getText().toString().trim();
    session().client().send(null, about.isEmpty() ? null : about, question.getText().toString().trim(), item -> finish());
  }

  private static int characters(EditText field) {
    String text = field.getText().toString().trim();
    return text.codePointCount(0, text.length());
  }
}

package chat.otvet.android.account;

import android.app.Activity;
import android.view.View;
import android.widget.EditText;
import android.widget.TextView;
import chat.otvet.android.R;

/** What is wrong with the form of the way in: under the field that it is about, else below all of them. */
final class FormProblem {
  private static final int[][] FIELDS = {
      {R.id.server, R.id.server_error}, {R.id.name, R.id.name_error}, {R.id.email, R.id.email_error}, {R.id.password, R.id.password_error},
      {R.id.pin, R.id.pin_error}};

  private final Activity activity;
  private boolean shown;

  FormProblem(Activity activity) {
    this.activity = activity;
  }

  boolean isShown() {
    return shown;
  }

  void clear() {
    shown = false;
    for (int[] field : FIELDS) {
      activity.findViewById(field[0]).setSelected(false);
      activity.findViewById(field[1]).setVisibility(View.GONE);
    }
    activity.findViewById(R.id.problem).setVisibility(View.GONE);
  }

  void require(int field) {
    EditText edit = activity.findViewById(field);
    if (edit.getText().toString().trim().isEmpty()) show(field, R.string.field_required);
  }

  void show(int field, int words) {
    show(field, activity.getString(words));
  }

  void general(String words) {
    shown = true;
    TextView text = activity.findViewById(R.id.problem);
    text.setText(words);
    text.setVisibility(View.VISIBLE);
  }

  /** The server's refusal in the app's words. */
  void show(ProblemException problem) {
    if (problem.status == 0) general(activity.getString(problem.unanswered()));
    else if (problem.status == 429) general(activity.getString(R.string.error_throttled, Math.max(1, problem.retryAfterSeconds)));
    else if (problem.status == 403) general(activity.getString(problem.code.equals("forbidden") ? R.string.error_closed : R.string.error_disabled));
    else if (problem.status == 422) fields(problem);
    else general(activity.getString(R.string.error_unknown));
  }

  private void fields(ProblemException problem) {
    String email = problem.errors.get("email");
    if (email != null) email(email);
    if (problem.errors.containsKey("name")) show(R.id.name, problem.errors.get("name"));
    if (problem.errors.containsKey("password")) show(R.id.password, R.string.password_hint);
    if (!shown) general(activity.getString(R.string.error_unknown));
  }

  /** The server says the three things about an email in Laravel's sentences. */
  private void email(String words) {
    if (words.contains("taken")) show(R.id.email, R.string.email_taken);
    else if (words.contains("valid")) show(R.id.email, R.string.email_invalid);
    else general(activity.getString(R.string.error_credentials));
  }

  private void show(int field, String words) {
    shown = true;
    for (int[] known : FIELDS) {
      if (known[0] != field) continue;
      TextView text = activity.findViewById(known[1]);
      text.setText(words);
      text.setVisibility(View.VISIBLE);
      activity.findViewById(field).setSelected(true);
      activity.findViewById(field).requestFocus();
    }
  }
}

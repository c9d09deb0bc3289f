package chat.otvet.android.account;

import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import android.view.View;
import android.widget.EditText;
import android.widget.TextView;
import chat.otvet.android.R;
import chat.otvet.android.conversations.ConversationsActivity;
import chat.otvet.android.screen.ScreenActivity;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The way in: the server's address, then as a guest, with an account, or with a new one. A guest comes here for an account. */
public final class WelcomeActivity extends ScreenActivity {
  /** What the form is for; the name of a {@link Form}. */
  private static final String FORM = "form";
  /** A link that was tapped before anybody was signed in. */
  private static final String LINK = "link";

  /** What the form asks for. */
  public enum Form {
    GUEST, LOGIN, REGISTER
  }

  private final ExecutorService calls = Executors.newSingleThreadExecutor();
  private Form form = Form.GUEST;
  private FormProblem problem;
  private boolean busy;

  public static Intent intent(Context context, Form form) {
    return new Intent(context, WelcomeActivity.class).putExtra(FORM, form.name());
  }

  /** Opens the link once somebody is signed in. */
  public static Intent intent(Context context, String link) {
    return new Intent(context, WelcomeActivity.class).putExtra(LINK, link);
  }

  @Override
  protected void onCreate(Bundle state) {
    super.onCreate(state);
    setContentView(R.layout.welcome);
    drawEdgeToEdge(findViewById(R.id.root));
    problem = new FormProblem(this);
    String asked = state != null ? state.getString(FORM) : getIntent().getStringExtra(FORM);
    if (state == null) {
      ConversationLink link = ConversationLink.parse(getIntent().getStringExtra(LINK));
      field(R.id.server).setText(link != null ? link.origin : session().lastOrigin());
      if (session().lastPin() != null) field(R.id.pin).setText(session().lastPin());
    }
    onClick(R.id.submit, this::submit);
    onClick(R.id.to_login, () -> show(Form.LOGIN));
    onClick(R.id.to_register, () -> show(Form.REGISTER));
    onClick(R.id.switch_form, () -> show(form == Form.LOGIN ? Form.REGISTER : Form.LOGIN));
    onClick(R.id.more, () -> {
      visible(R.id.pin_part, true);
      visible(R.id.more, false);
    });
    field(R.id.password).setOnEditorActionListener((view, action, event) -> {
      submit();
      return true;
    });
    // A password field would show its hint in letters of one width.
    field(R.id.password).setTypeface(android.graphics.Typeface.DEFAULT);
    show(asked == null ? Form.GUEST : Form.valueOf(asked));
  }

  @Override
  protected void onSaveInstanceState(Bundle state) {
    super.onSaveInstanceState(state);
    state.putString(FORM, form.name());
  }

  @Override
  @SuppressWarnings("deprecation") // Its successor begins with API 33; this still serves all.
  public void onBackPressed() {
    if (form != Form.GUEST && !isGuest()) show(Form.GUEST);
    else super.onBackPressed();
  }

  @Override
  protected void onDestroy() {
    calls.shutdown();
    super.onDestroy();
  }

  private boolean isGuest() {
    return session().isSignedIn();
  }

  private void show(Form next) {
    form = next;
    problem.clear();
    boolean start = form == Form.GUEST;
    visible(R.id.words, start);
    visible(R.id.server_part, !isGuest());
    visible(R.id.name_part, form != Form.LOGIN);
    visible(R.id.email_part, !start);
    visible(R.id.password_part, !start);
    visible(R.id.choices, start);
    visible(R.id.switch_row, !start);
    visible(R.id.more, !isGuest() && findViewById(R.id.pin_part).getVisibility() != View.VISIBLE);
    visible(R.id.form_title, !start);
    text(R.id.form_title).setText(form == Form.LOGIN ? R.string.sign_in : R.string.register);
    text(R.id.name_label).setText(start ? R.string.guest_name : R.string.name);
    field(R.id.name).setHint(start ? getString(R.string.optional) : null);
    field(R.id.password).setHint(form == Form.REGISTER ? getString(R.string.password_hint) : null);
    text(R.id.switch_words).setText(form == Form.LOGIN ? R.string.no_account : R.string.have_account);
    text(R.id.switch_form).setText(form == Form.LOGIN ? R.string.register : R.string.sign_in);
    text(R.id.submit).setText(start ? R.string.continue_as_guest : form == Form.LOGIN ? R.string.sign_in : R.string.register);
    int notice = session().isExpired() ? R.string.expired : isGuest() ? R.string.keeps_conversations : 0;
    visible(R.id.notice, notice != 0);
    if (notice != 0) text(R.id.notice).setText(notice);
  }

  private void submit() {
    if (busy) return;
    problem.clear();
    String origin = isGuest() ? session().account().origin : origin();
    String pin = isGuest() ? session().account().pin : pin();
    if (form == Form.REGISTER) problem.require(R.id.name);
    if (form != Form.GUEST) {
      problem.require(R.id.email);
      problem.require(R.id.password);
    }
    if (origin == null || problem.isShown()) return;
    call(origin, pin);
  }

  /** Null, with the reason shown, when the address is not taken. */
  private String origin() {
    List<String> cleartext = Arrays.asList(getResources().getStringArray(R.array.cleartext_hosts));
    try {
      return ServerAddress.origin(typed(R.id.server), cleartext);
    } catch (ServerAddress.ProblemException e) {
      switch (e.problem) {
        case EMPTY:
          problem.show(R.id.server, R.string.field_required);
          break;
        case CLEARTEXT:
          problem.show(R.id.server, R.string.address_cleartext);
          break;
        default:
          problem.show(R.id.server, R.string.address_invalid);
      }
      return null;
    }
  }

  private String pin() {
    String pin = typed(R.id.pin).trim();
    if (pin.isEmpty()) return null;
    if (!pin.matches("sha256/[A-Za-z0-9+/]{43}=")) problem.show(R.id.pin, R.string.pin_invalid);
    return pin;
  }

  private void call(String origin, String pin) {
    busy(true);
    Form asked = form;
    String name = typed(R.id.name);
    String email = typed(R.id.email).trim();
    String password = typed(R.id.password);
    String guestToken = isGuest() ? session().account().token : null;
    if (isGuest()) session().replacing(true);
    calls.execute(() -> {
      Runnable outcome;
      try {
        Rest rest = new Rest(HttpClients.to(origin, pin), origin, null);
        Rest.SignedIn in = asked == Form.GUEST ? rest.guest(name)
            : asked == Form.LOGIN ? rest.login(email, password, Session.deviceName(), guestToken) : rest.register(name, email, password, guestToken);
        outcome = () -> enter(new Account(origin, in.token, in.person, pin));
      } catch (ProblemException e) {
        outcome = () -> {
          busy(false);
          problem.show(e);
          session().replacing(false);
        };
      }
      runOnUiThread(outcome);
    });
  }

  private void enter(Account account) {
    try {
      session().enter(account);
    } catch (java.security.GeneralSecurityException e) {
      busy(false);
      problem.general(getString(R.string.error_unknown));
      return;
    }
    ConversationLink link = ConversationLink.parse(getIntent().getStringExtra(LINK));
    Intent next = ConversationsActivity.intent(this, link != null && link.origin.equals(account.origin) ? link.conversation : null);
    startActivity(next.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK | Intent.FLAG_ACTIVITY_CLEAR_TASK));
    finish();
  }

  private void busy(boolean now) {
    busy = now;
    findViewById(R.id.submit).setEnabled(!now);
    findViewById(R.id.submit).setAlpha(now ? 0.55f : 1);
  }

  private void onClick(int id, Runnable action) {
    findViewById(id).setOnClickListener(view -> action.run());
  }

  private void visible(int id, boolean visible) {
    findViewById(id).setVisibility(visible ? View.VISIBLE : View.GONE);
  }

  private TextView text(int id) {
    return findViewById(id);
  }

  private EditText field(int id) {
    return findViewById(id);
  }

  private String typed(int id) {
    return field(id).getText().toString();
  }
}

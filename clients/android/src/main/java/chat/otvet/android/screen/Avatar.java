package chat.otvet.android.screen;

import android.content.Context;
import android.graphics.Canvas;
import android.graphics.ColorFilter;
import android.graphics.Paint;
import android.graphics.PixelFormat;
import android.graphics.Rect;
import android.graphics.Typeface;
import android.graphics.drawable.Drawable;
import chat.otvet.android.R;
import chat.otvet.android.protocol.Person;
import java.util.Locale;

/** Initials on a tint that stays the same for the same person. */
public final class Avatar extends Drawable {
  private static final int[] TINTS = {R.color.tint_0, R.color.tint_1, R.color.tint_2, R.color.tint_3, R.color.tint_4, R.color.tint_5};

  private final Paint ground = new Paint(Paint.ANTI_ALIAS_FLAG);
  private final Paint ink = new Paint(Paint.ANTI_ALIAS_FLAG);
  private final String initials;

  public Avatar(Context context, Person person) {
    initials = initials(person.name);
    ground.setColor(context.getColor(TINTS[tint(person.id)]));
    ink.setColor(context.getColor(R.color.tint_ink));
    ink.setTypeface(Typeface.DEFAULT_BOLD);
    ink.setTextAlign(Paint.Align.CENTER);
  }

  static String initials(String name) {
    String[] words = name.trim().split("\\s+");
    StringBuilder letters = new StringBuilder();
    if (!words[0].isEmpty()) letters.appendCodePoint(words[0].codePointAt(0));
    if (words.length > 1) letters.appendCodePoint(words[words.length - 1].codePointAt(0));
    return letters.length() == 0 ? "?" : letters.toString().toUpperCase(Locale.getDefault());
  }

  static int tint(String id) {
    int sum = 0;
    for (int character : id.codePoints().toArray()) sum = (sum * 31 + character) % 9973;
    return sum % TINTS.length;
  }

  @Override
  public void draw(Canvas canvas) {
    Rect bounds = getBounds();
    canvas.drawCircle(bounds.exactCenterX(), bounds.exactCenterY(), bounds.width() / 2f, ground);
    ink.setTextSize(bounds.width() * 0.36f);
    float middle = (ink.ascent() + ink.descent()) / 2;
    canvas.drawText(initials, bounds.exactCenterX(), bounds.exactCenterY() - middle, ink);
  }

  @Override
  public void setAlpha(int alpha) {
    ground.setAlpha(alpha);
    ink.setAlpha(alpha);
  }

  @Override
  public void setColorFilter(ColorFilter filter) {
    ground.setColorFilter(filter);
  }

  @Override
  @SuppressWarnings("deprecation") // Abstract until API 29, so older devices still ask.
  public int getOpacity() {
    return PixelFormat.TRANSLUCENT;
  }
}

package chat.otvet.android.screen;

import android.content.Context;
import android.content.res.Resources;
import android.text.format.DateFormat;
import chat.otvet.android.R;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.Summary;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** How the app says things: times, statuses, titles, refusals. */
public final class Words {
  private final Resources resources;
  private final ZoneId zone;
  private final DateTimeFormatter clock;
  private final DateTimeFormatter day;
  private final DateTimeFormatter dayOfYear;
  private final DateTimeFormatter brief;

  public Words(Context context) {
    resources = context.getResources();
    zone = ZoneId.systemDefault();
    Locale locale = resources.getConfiguration().getLocales().get(0);
    clock = DateTimeFormatter.ofPattern(DateFormat.is24HourFormat(context) ? "HH:mm" : "h:mm a", locale);
    day = DateTimeFormatter.ofPattern(DateFormat.getBestDateTimePattern(locale, "dMMMM"), locale);
    dayOfYear = DateTimeFormatter.ofPattern(DateFormat.getBestDateTimePattern(locale, "dMMMMyyyy"), locale);
    brief = DateTimeFormatter.ofPattern(DateFormat.getBestDateTimePattern(locale, "dMMM"), locale);
  }

  public String clock(long time) {
    return clock.format(at(time));
  }

  public LocalDate date(long time) {
    return at(time).toLocalDate();
  }

  /** A date as a line between messages. */
  public String day(LocalDate date) {
    LocalDate today = LocalDate.now(zone);
    long age = ChronoUnit.DAYS.between(date, today);
    if (age == 0) return resources.getString(R.string.today);
    if (age == 1) return resources.getString(R.string.yesterday);
    return (date.getYear() == today.getYear() ? day : dayOfYear).format(date);
  }

  /** As short as a list needs: the time today, else the date. */
  public String brief(long time) {
    return date(time).equals(LocalDate.now(zone)) ? clock(time) : brief.format(at(time));
  }

  /** Of an RFC 3339 time. */
  public static long time(String rfc3339) {
    return Instant.parse(rfc3339).toEpochMilli();
  }

  public String title(Summary conversation) {
    if (conversation == null) return resources.getString(R.string.untitled);
    if (conversation.subject != null && !conversation.subject.trim().isEmpty()) return conversation.subject.trim();
    if (conversation.lastMessage != null) return conversation.lastMessage.body.split("\n", 2)[0];
    return resources.getString(R.string.untitled);
  }

  public String status(Summary conversation) {
    if (conversation.status.equals(Summary.RESOLVED)) return resources.getString(R.string.status_resolved);
    Person manager = conversation.manager;
    if (conversation.status.equals(Summary.CLAIMED) && manager != null) return resources.getString(R.string.status_claimed, manager.name);
    return resources.getString(R.string.status_waiting);
  }

  /** The colour of a status's dot. */
  public static int statusColor(Context context, Summary conversation) {
    if (conversation.status.equals(Summary.RESOLVED)) return context.getColor(R.color.ink_soft);
    return context.getColor(conversation.status.equals(Summary.CLAIMED) ? R.color.accent : R.color.warm);
  }

  /** Why a message was refused, after "Not sent". */
  public String refusal(String code) {
    String failed = resources.getString(R.string.failed);
    int why = 0;
    if ("too_large".equals(code)) why = R.string.too_long;
    if ("conflict".equals(code)) why = R.string.conflict_words;
    if ("not_found".equals(code)) why = R.string.gone_words;
    return why == 0 ? failed : failed + ": " + resources.getString(why);
  }

  private ZonedDateTime at(long time) {
    return Instant.ofEpochMilli(time).atZone(zone);
  }
}

package chat.otvet.android;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks what calls a newer Android than the oldest supported one. Whoever calls it has looked at {@code
 * Build.VERSION.SDK_INT} first. The build checks all other code against API 26.
 */
@Retention(RetentionPolicy.CLASS)
@Target({ElementType.METHOD, ElementType.CONSTRUCTOR, ElementType.TYPE})
public @interface RequiresApi {
  int value();
}

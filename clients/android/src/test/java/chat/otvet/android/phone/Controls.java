package chat.otvet.android.phone;

import android.view.View;
import android.view.ViewGroup;
import android.widget.AdapterView;
import android.widget.ListAdapter;
import android.widget.ScrollView;
import java.util.ArrayList;
import java.util.List;

/** What on a laid out screen can be acted on: by a finger, a keyboard or a screen reader. */
final class Controls {
  private Controls() {}

  /** All that are shown, in the order of the tree. What only scrolls is none; a row that opens something is one. */
  static List<View> of(View root) {
    List<View> controls = new ArrayList<>();
    collect(root, controls);
    return controls;
  }

  private static void collect(View view, List<View> controls) {
    if (!view.isShown()) return;
    boolean scrolls = view instanceof AdapterView || view instanceof ScrollView;
    if (!scrolls && (view.isClickable() || view.isLongClickable() || view.isFocusable() || isRow(view))) controls.add(view);
    if (view instanceof ViewGroup) for (int i = 0; i < ((ViewGroup) view).getChildCount(); i++) collect(((ViewGroup) view).getChildAt(i), controls);
  }

  private static boolean isRow(View view) {
    if (!(view.getParent() instanceof AdapterView)) return false;
    AdapterView<?> list = (AdapterView<?>) view.getParent();
    int position = list.getPositionForView(view);
    return position != AdapterView.INVALID_POSITION && list.getAdapter() instanceof ListAdapter
        && ((ListAdapter) list.getAdapter()).isEnabled(position);
  }

  /** For a failure: the name in the layout and the class. */
  static String name(View view) {
    String id = view.getId() == View.NO_ID ? "without an id" : view.getResources().getResourceEntryName(view.getId());
    return view.getClass().getSimpleName() + " " + id;
  }
}

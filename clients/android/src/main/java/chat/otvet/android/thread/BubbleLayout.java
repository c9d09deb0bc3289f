package chat.otvet.android.thread;

import android.content.Context;
import android.text.Layout;
import android.util.AttributeSet;
import android.view.View;
import android.view.ViewGroup;
import android.widget.TextView;
import chat.otvet.android.R;

/** Words and, behind their last line or below it, the time: a short message is one line high. Has two children. */
public final class BubbleLayout extends ViewGroup {
  private final int most;
  private final int between;
  private boolean metaBelow;

  public BubbleLayout(Context context, AttributeSet attributes) {
    super(context, attributes);
    most = getResources().getDimensionPixelSize(R.dimen.bubble);
    between = Math.round(10 * getResources().getDisplayMetrics().density);
  }

  @Override
  protected void onMeasure(int widthSpec, int heightSpec) {
    int sides = getPaddingLeft() + getPaddingRight();
    int room = Math.min(most, MeasureSpec.getMode(widthSpec) == MeasureSpec.UNSPECIFIED ? most : MeasureSpec.getSize(widthSpec)) - sides;
    TextView body = (TextView) getChildAt(0);
    View meta = getChildAt(1);
    int free = MeasureSpec.makeMeasureSpec(room, MeasureSpec.AT_MOST);
    meta.measure(free, MeasureSpec.makeMeasureSpec(0, MeasureSpec.UNSPECIFIED));
    body.measure(free, MeasureSpec.makeMeasureSpec(0, MeasureSpec.UNSPECIFIED));
    Layout lines = body.getLayout();
    int last = lines == null ? 0 : (int) Math.ceil(lines.getLineWidth(lines.getLineCount() - 1));
    int withMeta = last + between + meta.getMeasuredWidth();
    metaBelow = withMeta > room;
    int width = Math.max(body.getMeasuredWidth(), metaBelow ? meta.getMeasuredWidth() : withMeta);
    int height = body.getMeasuredHeight() + (metaBelow ? meta.getMeasuredHeight() : 0);
    setMeasuredDimension(width + sides, height + getPaddingTop() + getPaddingBottom());
  }

  @Override
  protected void onLayout(boolean changed, int left, int top, int right, int bottom) {
    View body = getChildAt(0);
    View meta = getChildAt(1);
    boolean mirrored = getLayoutDirection() == LAYOUT_DIRECTION_RTL;
    int end = right - left - getPaddingRight();
    int bodyLeft = mirrored ? end - body.getMeasuredWidth() : getPaddingLeft();
    body.layout(bodyLeft, getPaddingTop(), bodyLeft + body.getMeasuredWidth(), getPaddingTop() + body.getMeasuredHeight());
    int metaLeft = mirrored ? getPaddingLeft() : end - meta.getMeasuredWidth();
    int metaTop = bottom - top - getPaddingBottom() - meta.getMeasuredHeight();
    meta.layout(metaLeft, metaTop, metaLeft + meta.getMeasuredWidth(), metaTop + meta.getMeasuredHeight());
  }
}

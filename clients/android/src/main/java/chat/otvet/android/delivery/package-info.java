/** The rules of delivery: events in order and once, gaps filled, messages sent once and in order. Plain Java on the loop. */
package chat.otvet.android.delivery;

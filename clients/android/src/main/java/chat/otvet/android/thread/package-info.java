/** A conversation on the screen. */
package chat.otvet.android.thread;

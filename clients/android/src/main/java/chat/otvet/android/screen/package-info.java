/** What the screens share. */
package chat.otvet.android.screen;

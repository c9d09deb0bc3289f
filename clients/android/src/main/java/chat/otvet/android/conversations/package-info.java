/** The list of conversations and asking something new. */
package chat.otvet.android.conversations;

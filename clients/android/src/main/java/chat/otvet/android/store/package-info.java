/** What survives the end of the process: positions together with what they stand for, and unsent words. */
package chat.otvet.android.store;

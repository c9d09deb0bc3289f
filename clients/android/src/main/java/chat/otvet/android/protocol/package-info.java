/** The wire contract, version 1: what a frame can say and how it is written. Plain Java; {@code docs/protocol.md} is the source. */
package chat.otvet.android.protocol;

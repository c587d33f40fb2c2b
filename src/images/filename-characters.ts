/**
 * What has no place in a file name, as the inside of a character class: control characters (C0, DEL, C1), ends of lines
 * and paragraphs, and what turns the writing round (Unicode's Bidi_Control), so that a name reads as something else.
 */
export const hiddenCharacters = String.raw`\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069`;

// Package zycoo reads the dialect in which ZYCOO CooVox PBXs write their events:
// bytes in, events of package pbx out. It is pure: it knows no clock, no store and
// no network, and keeps nothing between two calls.
//
// A body is one event, or an array of events, written like a JavaScript object
// literal. Strict JSON is a part of that language.
//
//	body    = object | "[" [ value { "," value } [ "," ] ] "]"
//	object  = "{" { member ( "," | end of line ) } [ member ] "}"
//	member  = ( word | string | number ) ":" value
//	value   = string | number | object | array | "true" | "false" | "null"
//	array   = "[" [ value { "," value } [ "," ] ] "]"
//	string  = "…" or '…' on one line, with JavaScript's escapes
//	number  = [ "+" | "-" ] digits [ "." digits ] [ ( "e" | "E" ) [ "+" | "-" ] digits ]
//	word    = letters, digits, "_", "$", "-" and whatever is not ASCII
//
// Blanks and comments (// and /* */) may stand between any two of these. A line ends
// in a line feed, with or without a carriage return before it. The comma
// between two members may be missing where the line ends, as in the vendor's own
// example of a hangup. Of two members of one name the later counts.
//
// A body that begins with neither { nor [ is an HTML form
// (application/x-www-form-urlencoded): the literal as its only key, or one field
// for each member. A byte-order mark is skipped, and text that is not UTF-8 is read
// as GB18030, of which GBK is a part.
//
// Source of the events: the vendor's page "主动推送" (active push), and users of
// newer firmware.
package zycoo

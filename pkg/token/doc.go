// Package token knows what a PBX's URL proves. The URL is the credential: its last
// segment is a token that only a holder of a fleet key can have made for that MAC.
//
//	token = kid "-" generation "-" lower-case base32(HMAC-SHA256(key of kid, mac "/" generation))[:26]
//
// A token is checked without any store, so it holds while every store is down.
// Several keys are valid at once: a new key signs while URLs signed by the old one
// still open, until that is retired. A Source learns of both while it runs. One leaked URL is replaced by a URL of a higher generation, once the
// device's settings demand that (package ingest).
//
// No function of this package returns an error, and no type of it a text, that has
// a key or a whole token in it; only URL path makers call Reveal.
package token

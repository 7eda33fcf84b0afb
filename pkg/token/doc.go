// Package token signs and verifies the URLs of PBXs. The URL is the credential: its last segment
// is a token that only a holder of a fleet key can make for that MAC.
//
//	token = kid "-" generation "-" lower-case base32(HMAC-SHA256(key of kid, mac "/" generation))[:26]
//
// Verifying a token needs no store, so it works while every store is down.
//
// Several keys are valid at once. A new key signs, and URLs that an old key signed stay valid
// until that key is retired. A Source notices both while it runs. To replace one leaked URL, sign
// a URL of a higher generation and demand that generation in the PBX's settings (package ingest).
//
// Neither errors nor the texts of types contain a key or a whole token. Only code that makes URL
// paths calls Reveal.
package token

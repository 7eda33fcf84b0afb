// Package testdata holds payloads as PBXs send them, and what the software makes
// of them, for any test to read.
//
// vendor/ has the six events of the vendor's page, byte for byte; dialect/ has
// those of newer firmware and other transports. Beside each NAME.txt stands
// NAME.golden.json, the events that it decodes to.
package testdata

import "embed"

// FS is this folder.
//
//go:embed vendor dialect
var FS embed.FS

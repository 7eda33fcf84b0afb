// Package listing prints what was found: as a table for people, or as JSON, one object per line, for
// programs. It prints a row as soon as it can, so that a long list needs little memory. Callers and PBXs
// wrote many of the texts: none of them can steer a terminal.
package listing

// Package hostile throws at a running server what a stranger might, or a PBX that has gone
// wrong, and looks at what it answers, keeps and tells. It knows the server by its program,
// its port and its data folder alone, and the function by its handler. The table of bad
// inputs stands here once; that of infra/docs/http.md is checked against it.
package hostile

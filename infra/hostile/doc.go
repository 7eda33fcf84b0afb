// Package hostile sends bad input to a running server, as an attacker or a faulty PBX might. It
// checks what the server answers, stores and logs. It uses only the program, its port and its data
// folder, and the handler of the function. The table of bad inputs is defined here; a test compares
// the table in infra/docs/http.md with it.
package hostile

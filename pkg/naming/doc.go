// Package naming has the forms and bounds of what an operator enters for the queues, agents and numbers
// of a PBX. Everything may have a name. A queue may also have opening hours and a target, which is the
// service level that it should reach. Package store keeps them.
package naming

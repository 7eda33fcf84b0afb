// Package naming holds what an operator may say of the queues, agents and numbers of a PBX: a name,
// and for a queue its opening hours and the service level that it should reach. It has their forms
// and bounds. Package store keeps them.
package naming

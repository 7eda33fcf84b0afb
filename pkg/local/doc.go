// Package local keeps everything in one folder of one machine: records in SQLite, the archive as
// files, and the fleet's keys. `pbxctl serve` runs on it, with the same handlers as the cloud.
//
//	DIR/records.db       the records
//	DIR/archive/         the archive, an object to a file; events are appended to segments
//	DIR/fleet-keys       the keys, readable by their owner alone, where the environment has none
//	DIR/fleet-keys.lock  held while keys are changed
//	DIR/fleet-keys.new   the keys while they are written; the next change removes what a kill leaves
//	DIR/lock             held by the one program that writes
//	DIR/lock.serve       held by a server, first of all: a command that works alone ends then
//	DIR/control          the socket on which a server does the commands of others (package control)
//
// The folder and its files belong to its owner, and only the owner may use them: see ActAsOwner.
package local

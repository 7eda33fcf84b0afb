// Package local keeps everything in one folder of one machine: records in SQLite, the
// archive as files, and the fleet's keys. It is what `pbxctl serve` runs on, behind the
// very handlers that run in the cloud.
//
//	DIR/records.db       the records
//	DIR/archive/         the archive, an object to a file
//	DIR/fleet-keys       the keys, readable by their owner alone, where the environment has none
//	DIR/fleet-keys.lock  held while keys are changed
//	DIR/fleet-keys.new   the keys as they are written; what a kill leaves of it goes with the next change
//	DIR/lock             held by the one program that writes
//	DIR/lock.serve       held by a server, first of all: a command that works alone ends then
//	DIR/control          the socket on which a server does the commands of others (package control)
//
// All of it belongs to the owner of the folder, and is for the owner alone: see ActAsOwner.
package local

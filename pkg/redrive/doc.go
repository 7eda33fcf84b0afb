// Package redrive hands on what one store kept for the other while that was down: envelopes
// in the table go to the archive, and those in the archive's spill/ become records. It runs
// hourly, takes the oldest first, and may stop or die anywhere: whatever was not handed on
// whole stays, and what was is handed on again without harm.
//
// What can't be handed on though its store works, hour after hour, is put in quarantine with
// the reason, and stops nothing else; so is a text of the table that can't be read, and each line
// that is no envelope. The run ends early only where a store is down.
package redrive

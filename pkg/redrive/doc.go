// Package redrive delivers what one store kept for the other while that was down. Envelopes in the
// table go to the archive, and those in the archive's spill/ are recorded. What delivery
// streams could not deliver goes to the archive, too. A run may stop or die anywhere: what was not
// delivered whole stays, and delivering it twice does no harm.
//
// The spill has shards, which are redriven by themselves. Each hour, Look finds those that keep
// anything, and workers do a Job for each. A job delivers many texts or objects at once, about the
// oldest first. One that is too short is followed by another.
//
// What can't be delivered for hours though its store works goes to quarantine, with the reason. So
// does an unreadable text of the table, and each line that is not an envelope. All others are
// delivered. A run ends early only if a store is down.
package redrive

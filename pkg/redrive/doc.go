// Package redrive delivers what one store kept for the other while that was down. Envelopes in the
// table go to the archive, and those in the archive's spill/ are recorded. It runs hourly, the
// oldest first. So does what delivery streams could not deliver. It may stop or die anywhere: what was not delivered whole stays, and delivering it
// twice does no harm.
//
// What can't be delivered for hours though its store works goes to quarantine, with the reason. So
// does an unreadable text of the table, and each line that is not an envelope. All others are
// delivered. A run ends early only if a store is down.
package redrive

// Package maintenance is what is done every hour, in the cloud and on one machine alike: what one
// store kept for the other is handed on, days that have closed are sent to be rolled up,
// PBXs are found that are silent, what operators named is published as tables, what an older
// version of the decoder refused is tried again, and the archive of days that are over is sent
// to be packed.
//
// Each stage has a part of the time that is left, so that none can keep the next from
// running; one that fails does not either. Any stage may be stopped anywhere, and the next
// hour goes on with it. What can't be read or done within a stage is skipped, told of, and tried
// again in the next hour; the run's error names it.
package maintenance

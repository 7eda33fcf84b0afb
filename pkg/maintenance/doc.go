// Package maintenance is the hourly run, both in the cloud and on one machine. Its stages:
//
//   - send the shards of the spill to be redriven: what one store kept for the other
//   - send the days that have closed to be rolled up
//   - find silent PBXs
//   - publish the operator's names as tables
//   - try again what an older version of the decoder refused
//   - send the archive of past days to be compacted
//
// Each stage gets a part of the remaining time, so that none can keep the next from running. A
// stage that fails does not stop the next one either. A stage may stop anywhere: the next run
// continues. What can't be read or done is skipped and reported, the run's error names it, and
// the next run tries it again.
package maintenance

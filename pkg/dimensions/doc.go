// Package dimensions publishes what the operator says of the fleet — the names of PBXs, sites,
// queues, agents and numbers, opening hours, targets — as the tables of dimensions of package
// curated, one file of the whole fleet each.
//
// A run reads the whole fleet: a query of the fleet list, and three items of each PBX (DEVICE,
// SEEN, NAMES), 32 PBXs at a time. In DynamoDB that is three read units per PBX, and one more
// for each further 4 KB of names: 10,000 PBXs by the hour are 22 million units a month. Of the
// fleet a few hundred PBXs are in memory at a time, and of the tables what is compressed.
//
// A file is written where its rows have changed. It is replaced only if nobody has written it
// since before the fleet was read, so a run that was held up never undoes what a later one
// has published.
//
// A PBX that can't be read keeps the rows that are published of it, since a table without it would
// be wrong, and so would be one that no other PBX's change reaches. Where nothing is published of
// it yet, it is left out. The run's error names it, and the next run tries again.
package dimensions

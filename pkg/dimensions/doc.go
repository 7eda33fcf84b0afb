// Package dimensions publishes the operator's settings as the tables of dimensions of package
// curated: names of PBXs, sites, queues, agents and numbers; opening hours; targets. Each table
// is one file for the whole fleet.
//
// A run reads the whole fleet: a query of the fleet list, and three items of each PBX (DEVICE,
// SEEN, NAMES), 32 PBXs at a time. In DynamoDB that is three read units per PBX, and one more for
// each further 4 KB of names: 10,000 PBXs every hour cost 22 million units a month. At most a few
// hundred PBXs are in memory at a time, and the compressed tables.
//
// A file is written if its rows have changed. It is replaced only if nobody has written it since
// before the fleet was read. So a delayed run never undoes what a later one has published.
//
// A PBX that can't be read keeps its published rows: a table without them would be wrong, and so
// would a table that ignores the changes of all other PBXs. If nothing is published of the PBX
// yet, it is left out. The run's error names it, and the next run tries again.
package dimensions

// Verify computes the figures of an archive a second time, without the product's code: in SQL, by
// the definitions, from the raw envelopes. It compares them with the published figures, row by
// row and column by column.
//
// The scripts in sql/ are the computation, in this order:
//
//	current    envelopes → facts → current records
//	calls      records → queue calls, and distinct calls of a PBX
//	figures    calls → counts, sums and ratios of a day and of 15 minutes
//	sessions   logins and logoffs → the sessions of agents, by day
//	queue, pbx, agent, intervals    the tables, named and shaped as they are published
//
// Hashes of inputs, times of computation and revisions are not compared.
//
// Its tests also check what Athena uses: the tables of infra/lake.yaml against the files that are
// written, and the queries of infra/athena against what the product's code counts.
package main

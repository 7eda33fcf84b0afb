// Package dynamo is a store.Table on DynamoDB, and the only importer of its SDK.
//
//	pk, sk    S  the key
//	version   S
//	expires   N  seconds since 1970, the table's TTL attribute; missing: never
//	doc       M  the document's members as native attributes, for other readers of the table
//
// A condition and its write are one request. The SDK retries a request that timed out, so
// a condition may fail on what the first try has written: the version there tells.
package dynamo

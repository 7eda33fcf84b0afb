// Package dynamo is a store.Table on DynamoDB, and the only importer of its SDK.
//
//	pk, sk    S  the key
//	version   S
//	expires   N  seconds since 1970, the table's TTL attribute; missing: never
//	doc       M  the document's members as native attributes, for other readers of the table
//
// A condition and its write are one request. The SDK retries a request that timed out. Then the
// condition may fail because the first try succeeded; the stored version shows it.
package dynamo

// Package bill computes what Trunkline costs on AWS: what it uses, as measured at the tap, at
// AWS's list prices. It knows prices and quantities, and nothing of where they come from.
//
// Free tiers and discounts are left out, and so is what AWS charges for the transfer of
// data to readers of tables and files.
package bill

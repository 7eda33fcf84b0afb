// Package docs holds the documents to what a reader needs: links that lead somewhere, sums that
// add up, and a README that is read in three minutes.
//
// The package has tests only, and nothing may import it.
package docs

// Package faults breaks the stores under the whole of Trunkline, one call after the other,
// and looks whether anything that was acknowledged is lost, or anything counted twice.
package faults

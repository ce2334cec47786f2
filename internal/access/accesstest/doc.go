// Package accesstest has what tests of the broker and of its adapters share: a
// contract for each port, and an implementation in memory that keeps it.
package accesstest

//go:build !race

package wallet

// slowdown divides the number of processes that a test starts.
const slowdown = 1

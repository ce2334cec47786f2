//go:build race

package wallet

// slowdown divides the number of processes that a test starts: the race
// detector sees nothing between processes, and starts each ten times slower.
const slowdown = 5

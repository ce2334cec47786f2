package awssts

import "testing"

// BenchmarkLoadBase shows what a command pays for its base configuration
// before it talks to anybody.
func BenchmarkLoadBase(b *testing.B) {
	w := newWorld(b, staticProfile)
	for b.Loop() {
		w.load(BaseOptions{Profile: "base"})
	}
}

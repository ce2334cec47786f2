package audit_test

import (
	"context"
	"fmt"
	"testing/fstest"
	"time"

	"github.com/jitaccess/jit/pkg/audit"
)

// A log is verified where it is, or from a copy: os.DirFS("copy") reads one that
// aws s3 sync made.
func ExampleVerify() {
	first, err := audit.Encode(audit.Event{Kind: audit.Probe, Time: time.Unix(1700000000, 0)}, "ada", 1, audit.FirstPrev)
	if err != nil {
		fmt.Println(err)
	}
	files := fstest.MapFS{
		"ada/0000000001.json": {Data: first},
		"ada/0000000003.json": {Data: []byte("rubbish\n")},
	}
	report, err := audit.Verify(context.Background(), audit.FS(files), audit.Options{})
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range report.Chains[0].Problems {
		fmt.Println(p.Writer, p.Seq, p.Code)
	}
	// Output:
	// ada 2 gap
	// ada 3 malformed
}

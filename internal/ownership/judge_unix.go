//go:build unix

package ownership

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/jitaccess/jit/internal/fault"
)

// writableByOthers are the permission bits that let the group or others write.
const writableByOthers fs.FileMode = 0o022

// judge decides by mode and owner. A directory that merely holds what counts
// may be sticky, and its owner is not asked about: /tmp and home directories
// under automounters belong to whom they may.
func judge(path string, info fs.FileInfo, holder bool) error {
	mode := info.Mode()
	if mode.Perm()&writableByOthers != 0 && (!holder || mode&fs.ModeSticky == 0) {
		return fault.New(fault.Config, "%s can be written by others (mode %04o)", path, mode.Perm()).
			WithHint("run chmod go-w %s", path)
	}
	if holder {
		return nil
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fault.New(fault.Config, "cannot tell who owns %s", path)
	}
	return judgeOwner(path, int(stat.Uid), os.Geteuid())
}

func judgeOwner(path string, owner, me int) error {
	if owner == 0 || owner == me {
		return nil
	}
	return fault.New(fault.Config, "%s belongs to another user (uid %d)", path, owner).
		WithHint("run chown %d %s, or keep a copy of your own", me, path)
}

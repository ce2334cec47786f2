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

// judge decides by mode and owner. The mode of a link means nothing.
func judge(path string, info fs.FileInfo, as part) error {
	mode := info.Mode()
	loose := mode.Perm()&writableByOthers != 0
	switch {
	case as == target && !mode.IsRegular() && !mode.IsDir():
		return fault.New(fault.Config, "%s is not a regular file or a directory", path)
	case as == holder && !mode.IsDir():
		return fault.New(fault.Config, "%s is not a directory", path)
	case as == holder && loose && mode&fs.ModeSticky == 0:
		return fault.New(fault.Config, "others can write in the directory %s (mode %04o), and so replace what it holds", path, mode.Perm()).
			WithHint("run chmod go-w %s", path)
	case as == target && loose:
		return fault.New(fault.Config, "%s can be written by others (mode %04o)", path, mode.Perm()).
			WithHint("run chmod go-w %s", path)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fault.New(fault.Config, "cannot tell who owns %s", path)
	}
	return judgeOwner(path, int(stat.Uid), os.Geteuid(), as)
}

// judgeOwner asks about each directory too, because its owner can let others
// write there, and about each link, because a sticky directory lets others add
// links of their own.
func judgeOwner(path string, owner, me int, as part) error {
	if owner == 0 || owner == me {
		return nil
	}
	err := fault.New(fault.Config, "%s belongs to another user (uid %d)", path, owner)
	switch {
	case as == holder && me == 0:
		// To change its owner would take the directory from whoever it serves.
		return err.WithHint("run jit as that user and not as root, or keep the file in a directory of root's")
	case as == holder:
		return err.WithHint("keep the file in a directory of your own or of root's")
	case as == link:
		return err.WithHint("run chown -h %d %s, or name what the link leads to", me, path)
	default:
		return err.WithHint("run chown %d %s, or keep a copy of your own", me, path)
	}
}

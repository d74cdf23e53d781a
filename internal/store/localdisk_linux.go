package store

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// localDisk refuses disks of other machines: the write-ahead log needs memory that all its processes share, and a
// second node on such a disk would quietly overwrite what the first one wrote. Other ways to reach a foreign disk
// exist, so this is a guard for people, not a proof.
func localDisk(path string) error {
	var disk unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &disk); err != nil {
		return fmt.Errorf("sqlite: look at the disk of %s: %w", path, err)
	}
	switch int64(disk.Type) { //nolint:unconvert // its size depends on the processor
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.CEPH_SUPER_MAGIC,
		unix.AFS_SUPER_MAGIC:
		return fmt.Errorf("sqlite: %s is on a network disk, where two nodes would damage it: name a local file, or use postgres://…", path)
	}
	return nil
}

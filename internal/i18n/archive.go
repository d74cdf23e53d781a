package i18n

import (
	"archive/zip"
	_ "embed"
	"io/fs"
	"strings"
)

// archive is catalog/ and desk/, compressed: as they are they would be a thirtieth of the binary. "make generate" writes
// it, and a test compares.
//
//go:embed catalogues.zip
var archive string

func openCatalogues() (fs.FS, error) {
	return zip.NewReader(strings.NewReader(archive), int64(len(archive)))
}

package i18n_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write catalogues.zip anew")

// The archive that is built in says what the catalogues say.
func TestArchiveIsCurrent(t *testing.T) {
	const path = "catalogues.zip"
	want := map[string][]byte{}
	for _, dir := range []string{"catalog", "desk"} {
		files, err := filepath.Glob(dir + "/*.json")
		if err != nil || len(files) == 0 {
			t.Fatalf("no catalogues in %s: %v", dir, err)
		}
		for _, name := range files {
			if want[filepath.ToSlash(name)], err = os.ReadFile(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if *update {
		if err := os.WriteFile(path, pack(t, want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, file := range archive.File {
		got, err := fs.ReadFile(archive, file.Name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want[file.Name]) {
			t.Errorf("%s in %s is stale: make generate", file.Name, path)
		}
		delete(want, file.Name)
	}
	for name := range want {
		t.Errorf("%s is not in %s: make generate", name, path)
	}
}

func pack(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) { return flate.NewWriter(to, flate.BestCompression) })
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		part, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate}) // no time: the same bytes each time
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

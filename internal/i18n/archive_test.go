package i18n_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/json"
	"flag"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write catalogues.zip anew")

// The archive that is built in says what the catalogues say.
func TestArchiveIsCurrent(t *testing.T) {
	const path = "catalogues.zip"
	want := archived(t)
	if *update {
		packed := pack(t, want)
		if old, err := os.ReadFile(path); err != nil || !bytes.Equal(old, packed) { // "make dev" watches when it was written
			if err := os.WriteFile(path, packed, 0o600); err != nil {
				t.Fatal(err)
			}
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

// archived are the archive's files: the keys of all catalogues, and the texts of each language in their order.
func archived(t *testing.T) map[string][]byte {
	t.Helper()
	texts, all := map[string]map[string]json.RawMessage{}, map[string]bool{} // by language and key
	for _, dir := range []string{"catalog", "desk"} {
		paths, err := filepath.Glob(dir + "/*.json")
		if err != nil || len(paths) == 0 {
			t.Fatalf("no catalogues in %s: %v", dir, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			catalogue := texts[filepath.Base(path)]
			if err := json.Unmarshal(data, &catalogue); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			texts[filepath.Base(path)] = catalogue
			for key := range catalogue {
				all[key] = true
			}
		}
	}
	keys := slices.Sorted(maps.Keys(all))
	files := map[string][]byte{"keys.json": encode(t, keys)}
	for name, catalogue := range texts {
		inOrder := make([]json.RawMessage, 0, len(keys))
		for _, key := range keys {
			inOrder = append(inOrder, json.RawMessage(cmp.Or(string(catalogue[key]), `""`)))
		}
		files[name] = encode(t, inOrder)
	}
	return files
}

func encode(t *testing.T, value any) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
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

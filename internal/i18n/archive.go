package i18n

import (
	"archive/zip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

// archive is catalog/ and desk/, compressed: as they are they would be a twentieth of the binary. In keys.json are all
// keys, in <language>.json its texts in the same order, because the keys are a third of what is to be compressed. "make
// generate" writes it, and a test compares.
//
//go:embed catalogues.zip
var archive string

const keysFile = "keys.json"

func openCatalogues() (fs.FS, error) {
	return zip.NewReader(strings.NewReader(archive), int64(len(archive)))
}

// readMessages is a language's catalogue. What it lacks is "" there, and not in it.
func readMessages(catalogues fs.FS, lang string) (map[string]message, error) {
	var keys []string
	if err := readJSON(catalogues, keysFile, &keys); err != nil {
		return nil, err
	}
	texts := make([]message, len(keys))
	if err := readJSON(catalogues, lang+".json", &texts); err != nil {
		return nil, err
	}
	messages := make(map[string]message, len(keys))
	for i, key := range keys {
		if texts[i]["other"] != "" {
			messages[key] = texts[i]
		}
	}
	return messages, nil
}

func readJSON(catalogues fs.FS, name string, to any) error {
	data, err := fs.ReadFile(catalogues, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

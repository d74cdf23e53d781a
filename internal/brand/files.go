package brand

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Prefix is where the brand's files are served.
const Prefix = "/brand/"

// File is what a page loads from the folder. Its path has its content's hash, so browsers may keep it for ever.
type File struct {
	Type string // Content-Type
	Body []byte
}

// maxLogo is the largest logo that is taken, in bytes: people wait for it on a phone.
const maxLogo = 64 << 10

func (b *Brand) readLogo(folder fs.FS) error {
	var faults []error
	for name, target := range map[string]*string{"logo": &b.Logo.Light, "logo-dark": &b.Logo.Dark} {
		for ext, kind := range map[string]string{".svg": "image/svg+xml", ".png": "image/png"} {
			data, err := fs.ReadFile(folder, name+ext)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				continue
			case err != nil:
			case *target != "":
				err = fmt.Errorf("%s%s: there are two of it; delete one", name, ext)
			case len(data) > maxLogo:
				err = fmt.Errorf("%s%s: %d bytes, at most %d are taken: people wait for it on a phone", name, ext, len(data), maxLogo)
			case !looksLike(data, ext):
				err = fmt.Errorf("%s%s: this is no %s picture", name, ext, strings.ToUpper(ext[1:]))
			default:
				*target = b.add(name+ext, File{Type: kind, Body: data})
			}
			faults = append(faults, err)
		}
	}
	if b.Logo.Dark != "" && b.Logo.Light == "" {
		faults = append(faults, errors.New("logo-dark: needs a logo beside it, for light pages"))
	}
	return errors.Join(faults...)
}

func looksLike(data []byte, ext string) bool {
	if ext == ".png" {
		return bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n"))
	}
	return bytes.Contains(data, []byte("<svg"))
}

// add keeps a file and answers its path.
func (b *Brand) add(name string, file File) string {
	sum := sha256.Sum256(file.Body)
	ext := path.Ext(name)
	at := Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	b.files[at] = file
	return at
}

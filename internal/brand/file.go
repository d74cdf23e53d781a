package brand

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// content is brand.json. Colours are by scheme (light, dark) and token.
type content struct {
	Name        string                       `json:"name"`
	Issuer      string                       `json:"issuer"`
	Domain      string                       `json:"domain"`
	Support     Support                      `json:"support"`
	LogoHasName bool                         `json:"logo_has_name"`
	Colours     map[string]map[string]string `json:"colours"`
}

func (b *Brand) readFile(folder fs.FS) error {
	var c content
	if found, err := readJSON(folder, "brand.json", &c); !found || err != nil {
		return err
	}
	b.Name, b.Issuer, b.Domain = strings.TrimSpace(c.Name), strings.TrimSpace(c.Issuer), strings.TrimSpace(c.Domain)
	b.Support, b.Logo.HasName = c.Support, c.LogoHasName
	var faults []error
	if href := c.Support.Href; href != "" {
		if err := checkLink(href, "https", "mailto", "tel"); err != nil {
			faults = append(faults, fmt.Errorf("brand.json: support: %w", err))
		}
		if c.Support.Text == "" {
			faults = append(faults, errors.New("brand.json: support: a link needs a text"))
		}
	}
	if strings.ContainsAny(c.Domain, ":/ ") {
		faults = append(faults, fmt.Errorf("brand.json: domain: want a host name like sso.example.com, not %s", c.Domain))
	}
	faults = append(faults, b.setColours(c.Colours)...)
	return errors.Join(faults...)
}

// readJSON reads a file that may be absent. Names that it does not know are a fault.
func readJSON(folder fs.FS, name string, target any) (found bool, err error) {
	data, err := fs.ReadFile(folder, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	if decoder.More() {
		return false, fmt.Errorf("%s: something follows the JSON value", name)
	}
	return true, nil
}

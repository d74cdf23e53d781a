// Package brand reads how the portal presents itself from one folder of the operator's:
//
//	brand.json        name, issuer, domain, support, colours            file.go, colours.go
//	apps.json         the authenticator apps that the portal names      apps.go
//	logo.svg or .png  stands before the name; logo-dark.* in the dark   files.go
//	texts/<lang>.json texts that replace the portal's own               internal/i18n
//
// Every file is optional. [Load] answers a finished Brand or every fault in the folder at once, each with its mend, so
// that a broken folder never replaces a working one. A Brand is immutable: to change it, load another.
package brand

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"

	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/totp"
)

// Brand is how the portal presents itself.
type Brand struct {
	Name    string // the organisation's, at the top of every page
	Unnamed bool   // nobody has said it: Name is a made-up organisation's
	Issuer  string // as authenticator apps list the account
	// Domain is the site that people sign in to. Apple's Passwords files codes under it.
	Domain  string
	Support Support
	Apps    []App
	Logo    Logo
	// Paper is the colour of the page, light and dark: browsers paint their own frame with it.
	Paper [2]string
	// Stylesheet is the path of the colours; "" when they are the portal's own.
	Stylesheet string
	Languages  *i18n.Languages

	files map[string]File // by path
}

// Support is whom to call: a line at the foot of every page, with a link when Href is not empty.
type Support struct {
	Text string `json:"text"`
	Href string `json:"href"`
}

// Logo is the picture before the name. Paths are empty when there is none.
type Logo struct {
	Light, Dark string
	HasName     bool // the picture says the name: it is not written beside it
}

// Settings are what the portal's flags and environment say of the brand. They win over the folder; empty ones leave the
// word to it.
type Settings struct{ Name, Issuer, Domain, Support string }

// fallback is the name of a portal that was given none.
const fallback = "Northwind"

// Load reads a folder; nil is an empty one. Languages are those whose texts the folder may replace.
func Load(folder fs.FS, languages *i18n.Languages, settings Settings) (*Brand, error) {
	b := &Brand{
		Apps: defaultApps(), Languages: languages, Paper: [2]string{palettes[0]["paper"], palettes[1]["paper"]},
		files: map[string]File{},
	}
	if folder != nil {
		if err := errors.Join(b.readFile(folder), b.readApps(folder), b.readLogo(folder), b.readTexts(folder), refuseOthers(folder)); err != nil {
			return nil, err
		}
	}
	if settings.Support != "" {
		b.Support = Support{Text: settings.Support}
	}
	b.Name = cmp.Or(settings.Name, b.Name)
	b.Unnamed = b.Name == ""
	b.Name = cmp.Or(b.Name, fallback)
	b.Issuer = cmp.Or(settings.Issuer, b.Issuer, b.Name)
	b.Domain = cmp.Or(settings.Domain, b.Domain)
	if err := totp.CheckIssuer(b.Issuer); err != nil {
		return nil, fmt.Errorf("issuer: %w: give a shorter one (PORTAL_ISSUER, or issuer in brand.json; without either it is the name)", err)
	}
	return b, nil
}

// File answers one of the brand's own files by its path.
func (b *Brand) File(path string) (File, bool) {
	file, found := b.files[path]
	return file, found
}

func (b *Brand) readTexts(folder fs.FS) error {
	texts, err := fs.Sub(folder, "texts")
	if err != nil {
		return err
	}
	languages, err := b.Languages.With(texts)
	if err != nil {
		return err
	}
	b.Languages = languages
	return nil
}

// known are the names in a folder that mean something.
//
//nolint:gochecknoglobals // an immutable table
var known = []string{"brand.json", "apps.json", "texts", "logo.svg", "logo.png", "logo-dark.svg", "logo-dark.png"}

// refuseOthers names files that would do nothing: a misspelt one is found before anybody wonders.
func refuseOthers(folder fs.FS) error {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return err
	}
	var faults []error
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(known, name) {
			faults = append(faults, errors.New(name+": nothing reads this file; known are "+strings.Join(known, ", ")))
		}
	}
	return errors.Join(faults...)
}

// checkLink refuses links that a page must not have. Schemes are those allowed here.
func checkLink(link string, schemes ...string) error {
	u, err := url.Parse(link)
	if err != nil || !slices.Contains(schemes, u.Scheme) || u.User != nil || strings.ContainsAny(link, "\\ \t\r\n") {
		return errors.New("want a link that begins with " + strings.Join(schemes, ": or ") + ":, not " + link)
	}
	if u.Scheme == "https" && u.Host == "" {
		return errors.New("no host in the link " + link)
	}
	return nil
}

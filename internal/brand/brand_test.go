package brand_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/i18n"
)

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>`

func load(t *testing.T, files map[string]string, settings brand.Settings) (*brand.Brand, error) {
	t.Helper()
	languages, err := i18n.New()
	if err != nil {
		t.Fatal(err)
	}
	var folder fs.FS
	if files != nil {
		all := fstest.MapFS{}
		for name, content := range files {
			all[name] = &fstest.MapFile{Data: []byte(content)}
		}
		folder = all
	}
	return brand.Load(folder, languages, settings)
}

func TestAFolderSaysItAll(t *testing.T) {
	b, err := load(t, map[string]string{
		"brand.json": `{"name": "Fabrikam", "issuer": "Fabrikam SSO", "domain": "sso.fabrikam.example", "logo_has_name": true,
			"support": {"text": "Call 555 0199", "href": "tel:+15550199"},
			"colours": {"light": {"accent": "#6D28D9"}, "dark": {"accent": "#c4b5fd", "accent-ink": "#1e1b2e"}}}`,
		"apps.json":          `[{"name": "Our own app", "android": "https://apps.fabrikam.example/a"}]`,
		"logo.svg":           svg,
		"texts/en.json":      `{"setup.title": "Link your app", "setup.minutes": {"one": "{n} minute", "other": "{n} min"}}`,
		"texts/de.json":      `{"setup.title": "App verbinden"}`,
		".gitkeep":           "",
		"logo-dark.png":      "\x89PNG\r\n\x1a\n",
		"texts/ja.json":      `{}`,
		"texts/nb.json":      `{"done.title": "Ferdig"}`,
		"texts/uk.json":      `{}`,
		"texts/zh-Hans.json": `{}`,
	}, brand.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "Fabrikam" || b.Issuer != "Fabrikam SSO" || b.Domain != "sso.fabrikam.example" || !b.Logo.HasName ||
		b.Support != (brand.Support{Text: "Call 555 0199", Href: "tel:+15550199"}) {
		t.Errorf("read %+v", b)
	}
	if len(b.Apps) != 1 || b.Apps[0].Name != "Our own app" {
		t.Errorf("apps %+v", b.Apps)
	}
	sheet, found := b.File(b.Stylesheet)
	want := ":root{--accent:#6d28d9;}@media (prefers-color-scheme:dark){:root{--accent:#c4b5fd;--accent-ink:#1e1b2e;}}"
	if !found || string(sheet.Body) != want {
		t.Errorf("style sheet %q, want %q", sheet.Body, want)
	}
	for _, path := range []string{b.Logo.Light, b.Logo.Dark} {
		if _, found := b.File(path); !found || !strings.HasPrefix(path, brand.Prefix+"logo") {
			t.Errorf("no file at %q", path)
		}
	}
	got := map[string]string{}
	for _, lang := range []string{"en", "de", "fr"} {
		p, _ := b.Languages.Printer(lang)
		got[lang] = p.T("setup.title") + " / " + p.N("setup.minutes", 3)
	}
	if diff := cmp.Diff(map[string]string{
		"en": "Link your app / 3 min", "de": "App verbinden / 3 Minuten", "fr": "Configurez votre application d’authentification / 3 minutes",
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSettingsWinOverTheFolder(t *testing.T) {
	files := map[string]string{"brand.json": `{"name": "Fabrikam", "support": {"text": "Call 1"}}`}
	b, err := load(t, files, brand.Settings{Name: "Contoso", Support: "Call 2"})
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "Contoso" || b.Issuer != "Contoso" || b.Support.Text != "Call 2" {
		t.Errorf("read %+v", b)
	}
	b, err = load(t, nil, brand.Settings{})
	if err != nil || b.Name == "" || b.Issuer != b.Name || b.Stylesheet != "" || len(b.Apps) < 3 {
		t.Errorf("without a folder: %+v, %v", b, err)
	}
}

// An issuer that no QR code holds beside a long account is refused, wherever it comes from.
func TestAnIssuerThatIsTooLongIsRefused(t *testing.T) {
	long := strings.Repeat("بوابة ", 20)
	for _, settings := range []brand.Settings{{Issuer: long}, {Name: long}} {
		if _, err := load(t, nil, settings); err == nil || !strings.Contains(err.Error(), "PORTAL_ISSUER") {
			t.Errorf("%+v: %v, want an error that names PORTAL_ISSUER", settings, err)
		}
	}
	if _, err := load(t, nil, brand.Settings{Name: long, Issuer: "بوابة"}); err != nil {
		t.Errorf("a long name beside a short issuer: %v", err)
	}
}

func TestFaultsAreNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"pale accent": {
			map[string]string{"brand.json": `{"colours": {"light": {"accent": "#ffcc00"}}}`},
			[]string{"light: accent #ffcc00 on card #ffffff has a contrast of 1.51, and people need 4.5", "light: accent-ink #ffffff on accent #ffcc00"},
		},
		"dark paper under dark ink": {map[string]string{"brand.json": `{"colours": {"light": {"paper": "#222222"}}}`}, []string{"light: ink #101828 on paper #222222"}},
		"no colour":                 {map[string]string{"brand.json": `{"colours": {"light": {"accent": "red"}}}`}, []string{"accent: want #rrggbb, not red"}},
		"a colour that breaks out":  {map[string]string{"brand.json": `{"colours": {"light": {"accent": "#fff;}a{"}}}`}, []string{"want #rrggbb"}},
		"a token nobody has":        {map[string]string{"brand.json": `{"colours": {"dark": {"button": "#000000"}}}`}, []string{"no colour is called button; there are accent,"}},
		"a scheme nobody has":       {map[string]string{"brand.json": `{"colours": {"night": {}}}`}, []string{"night is neither light nor dark"}},
		"unknown name":              {map[string]string{"brand.json": `{"nmae": "x"}`}, []string{`unknown field "nmae"`}},
		"no JSON":                   {map[string]string{"brand.json": `{`}, []string{"brand.json: "}},
		"two values":                {map[string]string{"brand.json": `{} {}`}, []string{"something follows"}},
		"script as support":         {map[string]string{"brand.json": `{"support": {"text": "x", "href": "javascript:alert(1)"}}`}, []string{"support: want a link"}},
		"support link without text": {map[string]string{"brand.json": `{"support": {"href": "tel:1"}}`}, []string{"a link needs a text"}},
		"a URL as domain":           {map[string]string{"brand.json": `{"domain": "https://a.example"}`}, []string{"want a host name"}},
		"app over http":             {map[string]string{"apps.json": `[{"name": "A", "ios": "http://a.example"}]`}, []string{"apps.json: A: want a link that begins with https:"}},
		"app without name":          {map[string]string{"apps.json": `[{}]`}, []string{"entry 1 has no name"}},
		"no app":                    {map[string]string{"apps.json": `[]`}, []string{"name one app at least"}},
		"a logo that is none":       {map[string]string{"logo.png": "GIF89a"}, []string{"logo.png: this is no PNG picture"}},
		"two logos":                 {map[string]string{"logo.png": "\x89PNG\r\n\x1a\n", "logo.svg": svg}, []string{"there are two of it"}},
		"large logo":                {map[string]string{"logo.svg": svg + strings.Repeat(" ", 70_000)}, []string{"at most 65536 are taken"}},
		"only a dark logo":          {map[string]string{"logo-dark.svg": svg}, []string{"needs a logo beside it"}},
		"misspelt file":             {map[string]string{"brnad.json": `{}`}, []string{"brnad.json: nothing reads this file"}},
		"unknown text":              {map[string]string{"texts/en.json": `{"setup.titel": "x"}`}, []string{"texts/en.json: setup.titel: no text has this key"}},
		"placeholder nobody fills":  {map[string]string{"texts/en.json": `{"setup.title": "{name}!"}`}, []string{"nothing is put in for {name}"}},
		"a form the language lacks": {map[string]string{"texts/de.json": `{"setup.minutes": {"few": "a", "other": "b"}}`}, []string{`the form "few" is not needed; there are one, other`}},
		"a bold run without end":    {map[string]string{"texts/en.json": `{"setup.title": "**x"}`}, []string{"has to end with **"}},
		"a language nobody has":     {map[string]string{"texts/tlh.json": `{}`}, []string{"texts/tlh.json: want <language>.json"}},
		"several files at once":     {map[string]string{"brand.json": `{"nmae": 1}`, "apps.json": `[]`, "texts/en.json": `{"x": "y"}`}, []string{"nmae", "name one app", "no text has this key"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tt.files, brand.Settings{})
			if err == nil {
				t.Fatal("was accepted")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("fault %q, want it to say %q", err, want)
				}
			}
		})
	}
}

package brand

import (
	"errors"
	"fmt"
	"io/fs"
)

// App is an authenticator app that the portal names: where to get it, for each kind of device that it exists for.
type App struct {
	Name     string `json:"name"`
	Android  string `json:"android"`
	IOS      string `json:"ios"`
	Computer string `json:"computer"`
	// BuiltIn says that iPhones and Macs have it already.
	BuiltIn bool `json:"builtin"`
}

// defaultApps are well-known ones that need no account, and work with any service. The addresses are those of the
// stores and of the programs' own sites.
func defaultApps() []App {
	return []App{
		{
			Name:    "Google Authenticator",
			Android: "https://play.google.com/store/apps/details?id=com.google.android.apps.authenticator2",
			IOS:     "https://apps.apple.com/app/google-authenticator/id388497605",
		},
		{
			Name:    "Microsoft Authenticator",
			Android: "https://play.google.com/store/apps/details?id=com.azure.authenticator",
			IOS:     "https://apps.apple.com/app/microsoft-authenticator/id983156458",
		},
		{Name: "Apple Passwords", BuiltIn: true},
		{
			Name:    "2FAS",
			Android: "https://play.google.com/store/apps/details?id=com.twofasapp",
			IOS:     "https://apps.apple.com/app/2fas-auth/id1217793794",
		},
		{Name: "Aegis", Android: "https://play.google.com/store/apps/details?id=com.beemdevelopment.aegis"},
		{Name: "KeePassXC", Computer: "https://keepassxc.org/"},
	}
}

// readApps reads apps.json, a list of App that replaces the default one.
func (b *Brand) readApps(folder fs.FS) error {
	var apps []App
	found, err := readJSON(folder, "apps.json", &apps)
	if !found || err != nil {
		return err
	}
	var faults []error
	if len(apps) == 0 {
		faults = append(faults, errors.New("apps.json: name one app at least, or delete the file"))
	}
	for i, app := range apps {
		if app.Name == "" {
			faults = append(faults, fmt.Errorf("apps.json: entry %d has no name", i+1))
		}
		for _, link := range []string{app.Android, app.IOS, app.Computer} {
			if link == "" {
				continue
			}
			if err := checkLink(link, "https"); err != nil {
				faults = append(faults, fmt.Errorf("apps.json: %s: %w", app.Name, err))
			}
		}
	}
	b.Apps = apps
	return errors.Join(faults...)
}

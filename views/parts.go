package views

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/i18n"
)

// posts makes a form that works without script, and with it swaps the page's step alone: same URL, same handler.
// A second submit while one is under way is dropped.
func posts(url string) templ.OrderedAttributes {
	return templ.OrderedAttributes{
		{Key: "id", Value: Step},
		{Key: "action", Value: url},
		{Key: "method", Value: "post"},
		{Key: "hx-post", Value: url},
		{Key: "hx-target", Value: "#" + Step},
		{Key: "hx-swap", Value: "outerHTML"},
		{Key: "hx-disable", Value: "find [type=submit]"},
		{Key: "hx-sync", Value: "this:drop"},
	}
}

// otpauth is the one place where a link of another scheme than http is let through: the URI is our own builder's
// (totp.URI), which escapes everything in it.
func otpauth(uri string) templ.SafeURL {
	if !strings.HasPrefix(strings.TrimPrefix(uri, "apple-"), "otpauth://totp/") {
		return "#"
	}
	return templ.SafeURL(uri)
}

// fillsIn is what a browser may fill an attribute of the account in with (WCAG 2.2, 1.3.5), by the names that OpenID Connect
// has for them.
func fillsIn(attribute string) string {
	switch attribute {
	case "name", "nickname", "email", "gender":
		return strings.Replace(attribute, "gender", "sex", 1)
	case "given_name", "family_name":
		return strings.ReplaceAll(attribute, "_", "-")
	case "middle_name":
		return "additional-name"
	case "phone_number":
		return "tel"
	case "birthdate":
		return "bday"
	case "website":
		return "url"
	case "address":
		return "street-address"
	}
	return "off"
}

// appNames is the first few apps, as a list in a sentence.
func appNames(p *i18n.Printer, apps []brand.App) string {
	const few = 4
	names := make([]string, 0, few)
	for _, app := range apps[:min(few, len(apps))] {
		name := app.Name
		if p.Dir() == "rtl" { // else a browser takes all of them for one run of Latin text, and lists them from the left
			name = "\u2068" + name + "\u2069"
		}
		names = append(names, name)
	}
	return strings.Join(names, p.T("layout.comma"))
}

// spelling is the word by which a character of a key is spelt out: those of the ICAO alphabet, which are the same in
// every language. A digit is its own word.
func spelling(character rune) string {
	words := [...]string{
		"Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima", "Mike",
		"November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu",
	}
	if character < 'A' || character > 'Z' {
		return string(character)
	}
	return words[character-'A']
}

// oauthStart is where signing in at Cognito's own pages begins.
func oauthStart(returnTo string) templ.SafeURL {
	path := "/sign-in/oauth"
	if returnTo != "" {
		path += "?" + url.Values{"return_to": {returnTo}}.Encode()
	}
	return templ.URL(path)
}

// agentOf is the demo's account that may help others.
func agentOf(accounts []DemoAccount) string {
	for _, account := range accounts {
		if account.State == "agent" {
			return account.Username
		}
	}
	return ""
}

// initial is the brand's first letter, for its mark.
func initial(brand string) string {
	first, _ := utf8.DecodeRuneInString(brand)
	return string(first)
}

// tenths is a duration in seconds with one decimal place, for a script that draws it.
func tenths(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) }

// seconds is a duration in whole seconds, for a script's data attribute.
func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// clock is a duration as minutes and seconds.
func clock(d time.Duration) string {
	total := max(0, int(d.Seconds()))
	return strconv.Itoa(total/60) + ":" + string(rune('0'+total%60/10)) + string(rune('0'+total%10))
}

// minutes is a duration in minutes, rounded down, at least one.
func minutes(d time.Duration) int { return max(1, int(d.Minutes())) }

// asksAgain makes the page's step ask what became of a word, and take the answer's place when that is something new.
func asksAgain(state SwapState) templ.OrderedAttributes {
	if state != SwapWaiting && state != SwapMoved {
		return nil
	}
	return templ.OrderedAttributes{
		{Key: "hx-get", Value: "/swap?shown=" + string(state)},
		{Key: "hx-trigger", Value: "every 3s"},
		{Key: "hx-target", Value: "#" + Step},
		{Key: "hx-swap", Value: "outerHTML"},
	}
}

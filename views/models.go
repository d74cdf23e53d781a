// Package views turns page models into HTML.
//
// A page is one component in the file named like its URL; it takes one model, shaped like the page, and cannot ask,
// fail or decide anything. The part of a page that htmx swaps is its templ.Fragment called [Step]. Texts come from
// the Printer in the model.
package views

import (
	"time"

	"cognito-enroll/internal/i18n"
)

// Step names the fragment of a page that is swapped when its form is answered; it is also the id of the element.
const Step = "step"

// Page is what every page has.
type Page struct {
	P       *i18n.Printer
	Title   string // of the document; "Error: …" when a form came back
	Brand   string
	Account string // whose flow it is; "" before sign-in
	Support string // where to get help; "" for none
	Assets  Assets
	Demo    []DemoAccount // nil unless this is the demo
}

// Assets are the URLs of what a page loads.
type Assets struct{ CSS, HTMX, Script, Icon string }

// DemoAccount is a row of the demo banner.
type DemoAccount struct{ Username, Password, State, Key string }

// SignIn is the page /sign-in.
type SignIn struct {
	Page
	Username string
	Minutes  int // how long each step may take
	Trying   bool
	Notices  []i18n.Rich
	Error    i18n.Rich
}

// NewPassword is the page /new-password.
type NewPassword struct {
	Page
	Rules []Rule
	Error i18n.Rich
}

// Rule is one demand of the password policy.
type Rule struct {
	Text    string
	Missing bool // the password that was just typed does not meet it
}

// Challenge is the page /challenge: the code of the app that is set up.
type Challenge struct {
	Page
	Device string
	Wait   time.Duration // until the app shows a code that was not used yet; 0 when it does
	Error  i18n.Rich
}

// Review is the page /authenticator.
type Review struct {
	Page
	HasApp bool
	Device string
}

// SetUp is the page /set-up while the QR code is on it.
type SetUp struct {
	Page
	Issuer, Entry string // as the app shows them
	Key           string // in groups of four
	URI           string // otpauth, built by internal/totp
	QRPixels      int    // width of the picture: a whole number of pixels for each module
	Until         time.Time
	Left          time.Duration
	Device        string
	Error         []i18n.Rich
}

// Finish is the page /set-up when only the last call to the pool is left.
type Finish struct{ Page }

// Done is the page /done.
type Done struct {
	Page
	Device   string
	At       time.Time
	Replaced bool
	ProvenAt time.Time
}

// Problem is what a person sees when a step cannot go on.
type Problem struct {
	Page
	Heading   string
	Body      i18n.Rich
	Action    Action
	RequestID string
}

// Action is the way on from a problem.
type Action struct{ Text, Href string }
